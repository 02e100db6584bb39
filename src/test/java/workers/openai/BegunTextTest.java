package workers.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import akka.stream.javadsl.Sink;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import inference.AnswerFormat;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceEvent.Failed;
import inference.InferenceEvent.Finished;
import inference.InferenceEvent.TextDelta;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.Role;
import inference.Sampling;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.Usage;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.Seat;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** How vLLM and SGLang go on with a text, by the wire shapes that they document. */
@Timeout(60)
class BegunTextTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    private static final String SSE = WireEngine.head(200, "text/event-stream");
    private static final String COUNT = WireEngine.head(200, "application/json") + "{\"tokens\":[7,8,9],\"count\":3}";
    private static final String REST =
            """
            data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}

            data: {"choices":[{"index":0,"delta":{"content":" was a king"}}]}

            data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}

            data: {"choices":[],"usage":{"prompt_tokens":23,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":21}}}

            data: [DONE]

            """;
    private static final Message BEGUN = Message.text(Role.ASSISTANT, "Once there");

    @Test
    void theTextIsTheLastMessageAndItsTokensCountAsTheAnswers() throws Exception {
        try (WireEngine engine = answering(COUNT, SSE + REST)) {
            List<InferenceEvent> rest = rest(engine, request(sampling(10, 4, null), ToolChoice.AUTO), BEGUN);

            assertEquals(
                    List.of(
                            new TextDelta(" was a king"),
                            new Finished(FinishReason.LENGTH, null, new Usage(20, 20, 10, 0))),
                    rest);
            assertEquals(
                    "{\"model\":\"sim-echo\",\"prompt\":\"Once there\",\"add_special_tokens\":false}",
                    body(engine.requests.take()).toString());
            JsonNode asked = body(engine.requests.take());
            assertEquals(
                    "[{\"role\":\"user\",\"content\":\"A tale.\"},{\"role\":\"assistant\",\"content\":\"Once there\"}]",
                    asked.path("messages").toString());
            assertTrue(asked.path("continue_final_message").asBoolean());
            assertFalse(asked.path("add_generation_prompt").asBoolean(true));
            assertEquals(7, asked.path("max_tokens").intValue());
            assertEquals(1, asked.path("min_tokens").intValue());
            assertEquals(
                    "{\"enable_thinking\":false}",
                    asked.path("chat_template_kwargs").toString());
            assertTrue(asked.path("reasoning_effort").isMissingNode());
        }
    }

    @Test
    void aRestThatIsTakenForReasoningIsNotTaken() throws Exception {
        String thinking = "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\" was\"}}]}\n\n";
        try (WireEngine engine = answering(COUNT, SSE + thinking + REST)) {
            assertFails("for reasoning", rest(engine, request(Sampling.DEFAULT, ToolChoice.AUTO), BEGUN));
        }
    }

    @Test
    void anEngineThatDoesNotKnowHowFails() throws Exception {
        String refused = WireEngine.head(400, "application/json") + "{\"message\":\"no such field\"}";
        try (WireEngine engine = answering(COUNT, refused)) {
            assertFails("no such field", rest(engine, request(Sampling.DEFAULT, ToolChoice.AUTO), BEGUN));
        }
        try (WireEngine engine = answering(WireEngine.head(404, "text/plain"), SSE + REST)) {
            assertFails("/tokenize answered 404", rest(engine, request(Sampling.DEFAULT, ToolChoice.AUTO), BEGUN));
        }
    }

    @Test
    void onlyTextThatAnEngineGoesOnWithWhereItEndsIsGoneOnWith() {
        InferenceRequest plain = request(Sampling.DEFAULT, ToolChoice.AUTO);
        assertTrue(BegunText.of(plain, BEGUN).isPresent());
        ContentBlock text = new ContentBlock.Text("Once");
        for (ContentBlock other : List.of(
                new ContentBlock.Thinking("hm", null),
                new ContentBlock.Refusal("no"),
                new ContentBlock.ToolUse("1", "ls", "{"))) {
            assertTrue(BegunText.of(plain, message(other)).isEmpty(), other.toString());
            assertTrue(BegunText.of(plain, message(other, text)).isEmpty(), other.toString());
        }
        for (String cut : List.of("Once ", " Once", "Once\n")) {
            assertTrue(BegunText.of(plain, Message.text(Role.ASSISTANT, cut)).isEmpty(), cut);
        }
        assertTrue(BegunText.of(plain, message()).isEmpty());
    }

    @Test
    void anAnswerWhoseFormIsPrescribedIsNotGoneOnWith() {
        AnswerFormat json = AnswerFormat.JSON_OBJECT;
        ToolChoice required = new ToolChoice(ToolChoice.Mode.REQUIRED, null);
        ToolChoice named = new ToolChoice(ToolChoice.Mode.NAMED, "ls");

        assertTrue(BegunText.of(request(sampling(null, null, json), ToolChoice.AUTO), BEGUN)
                .isEmpty());
        assertTrue(BegunText.of(request(Sampling.DEFAULT, required), BEGUN).isEmpty());
        assertTrue(BegunText.of(request(Sampling.DEFAULT, named), BEGUN).isEmpty());
    }

    private static void assertFails(String why, List<InferenceEvent> events) {
        Failed failed = assertInstanceOf(Failed.class, events.get(0));
        assertEquals(1, events.size());
        assertEquals(Kind.ENGINE_FAILED, failed.failure().kind());
        assertTrue(failed.failure().message().contains(why), failed.toString());
    }

    private static WireEngine answering(String tokenize, String chat) throws IOException {
        return new WireEngine(
                (request, out) -> WireEngine.write(out, request.startsWith("POST /tokenize ") ? tokenize : chat));
    }

    private static JsonNode body(String request) throws IOException {
        return new ObjectMapper().readTree(request.substring(request.indexOf("\r\n\r\n")));
    }

    private static List<InferenceEvent> rest(WireEngine engine, InferenceRequest request, Message begun)
            throws Exception {
        OpenAiSettings settings = new OpenAiSettings(
                Duration.ofSeconds(5),
                Duration.ZERO,
                Duration.ofSeconds(20),
                Duration.ofSeconds(20),
                EnginePriority.OFF,
                ResumedAnswers.TEXT,
                false,
                new EngineFacts(List.of(), 16, 100, 8192, 256, 99, EngineCapabilities.NONE));
        OpenAiEngineClient client =
                new OpenAiEngineClient(kit.kit().system().classicSystem(), new WorkerId(engine.url()), settings);
        assertTrue(client.resumes(request, begun));
        return client.resume(request, begun, Seat.ANY)
                .runWith(Sink.seq(), kit.kit().system())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    private static Message message(ContentBlock... content) {
        return new Message(Role.ASSISTANT, List.of(content));
    }

    private static Sampling sampling(
            @Nullable Integer maxTokens, @Nullable Integer minTokens, @Nullable AnswerFormat format) {
        return new Sampling(
                maxTokens, minTokens, null, null, null, null, null, null, List.of(), format, null, Sampling.UNBIASED);
    }

    private static InferenceRequest request(Sampling sampling, ToolChoice choice) {
        InferenceRequest plain = Conversation.request("turn-1", "u:A tale.");
        return new InferenceRequest(
                plain.turn(),
                plain.model(),
                plain.session(),
                List.of(new ToolDefinition("ls", "", "{}", null)),
                choice,
                true,
                plain.messages(),
                sampling,
                ReasoningEffort.LOW,
                plain.hints(),
                plain.cacheMarks());
    }
}
