package workers.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import agents.session.Conversation;
import akka.NotUsed;
import akka.actor.ActorSystem;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import inference.AgentHints;
import inference.Draw;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import inference.Role;
import inference.Sampling;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.EngineClient;
import workers.Seat;
import workers.llamacpp.LlamaCppEngineClient;
import workers.llamacpp.LlamaCppSettings;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** What engines get as a seed, on the wire. */
@Timeout(60)
class SeededAnswersTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    private static final String ANSWER = WireEngine.head(200, "text/event-stream") + "data: [DONE]\n\n";
    private static final InferenceRequest BY_CHANCE = Conversation.request("turn-1", "u:A tale.");
    private static final InferenceRequest SEEDED =
            BY_CHANCE.answeredBy(BY_CHANCE.turn(), Sampling.DEFAULT.seeded(7L), AgentHints.NONE);

    @Test
    void anEngineIsSentASeedForEveryRequestWhereThatIsOn() throws Exception {
        long own = BY_CHANCE.turn().seed();

        assertEquals(own, sent(BY_CHANCE, true, SeededAnswersTest::openAi));
        assertEquals(own, sent(BY_CHANCE, true, SeededAnswersTest::llama));
        assertEquals(7, sent(SEEDED, true, SeededAnswersTest::openAi), "the client's stays");
        assertEquals(7, sent(SEEDED, true, SeededAnswersTest::llama), "the client's stays");
    }

    @Test
    void anEngineIsSentNoneWhereThatIsOff() throws Exception {
        assertEquals(-1, sent(BY_CHANCE, false, SeededAnswersTest::openAi));
        assertEquals(-1, sent(BY_CHANCE, false, SeededAnswersTest::llama));
        assertEquals(7, sent(SEEDED, false, SeededAnswersTest::openAi));
    }

    @Test
    void whatIsSentIsWhatTheAnswerIsDrawnBy() {
        long own = BY_CHANCE.turn().seed();
        assertEquals(
                Optional.of(own),
                openAi(settings(true), "http://a").draw(BY_CHANCE).map(Draw::seed));
        assertEquals(
                Optional.of(own),
                llama(settings(true), "http://a").draw(BY_CHANCE).map(Draw::seed));
        assertEquals(Optional.empty(), openAi(settings(false), "http://a").draw(BY_CHANCE));
        assertEquals(Optional.empty(), llama(settings(false), "http://a").draw(BY_CHANCE));
        assertEquals(
                llama(settings(true), "http://a").draw(BY_CHANCE),
                llama(settings(true), "http://b").draw(BY_CHANCE));
        assertNotEquals(
                llama(settings(true), "http://a").draw(SEEDED),
                openAi(settings(true), "http://a").draw(SEEDED),
                "a seed means other numbers to another kind");
    }

    @Test
    void theRestOfAnAnswerIsSeededToo() throws Exception {
        String count = WireEngine.head(200, "application/json") + "{\"count\":1}";
        try (WireEngine engine = new WireEngine(
                (request, out) -> WireEngine.write(out, request.startsWith("POST /tokenize ") ? count : ANSWER))) {
            EngineClient client = openAi(settings(true), engine.url());
            end(client.resume(BY_CHANCE, Message.text(Role.ASSISTANT, "Once"), Seat.ANY));
            engine.requests.take();
            assertEquals(BY_CHANCE.turn().seed(), seed(engine.requests.take()));
        }
    }

    /** -1 for none. */
    private static long sent(InferenceRequest request, boolean seeds, Kind kind) throws Exception {
        try (WireEngine engine = new WireEngine((head, out) -> WireEngine.write(out, ANSWER))) {
            end(kind.client(settings(seeds), engine.url()).generate(request, Seat.ANY));
            return seed(engine.requests.take());
        }
    }

    private static long seed(String request) throws IOException {
        JsonNode body = new ObjectMapper().readTree(request.substring(request.indexOf("\r\n\r\n")));
        return body.path("seed").asLong(-1);
    }

    private static void end(Source<InferenceEvent, NotUsed> answer) throws Exception {
        answer.runWith(Sink.ignore(), kit.kit().system()).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private interface Kind {
        EngineClient client(OpenAiSettings settings, String url);
    }

    private static EngineClient openAi(OpenAiSettings settings, String url) {
        return new OpenAiEngineClient(system(), new WorkerId(url), settings);
    }

    private static EngineClient llama(OpenAiSettings settings, String url) {
        return new LlamaCppEngineClient(
                system(), new WorkerId(url), new LlamaCppSettings(settings, 16, null, Duration.ofSeconds(30)));
    }

    private static ActorSystem system() {
        return kit.kit().system().classicSystem();
    }

    private static OpenAiSettings settings(boolean seeds) {
        return new OpenAiSettings(
                Duration.ofSeconds(5),
                Duration.ZERO,
                Duration.ofSeconds(20),
                Duration.ofSeconds(20),
                EnginePriority.OFF,
                ResumedAnswers.TEXT,
                seeds,
                new EngineFacts(List.of(), 16, 100, 8192, 256, 99, EngineCapabilities.NONE));
    }
}
