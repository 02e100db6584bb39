package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.javadsl.Sink;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.TurnClient;
import inference.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionStage;
import metrics.Metrics;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What turns cost their tenant, however they end; the clock stands still. */
class TurnTokensTest {
    private static final int LIMIT = 1000;
    /** 10 tokens by its length. */
    private static final InferenceRequest TURN = Conversation.request("1", "u:" + "x".repeat(40));

    private static final InferenceEvent.TextDelta HI = new InferenceEvent.TextDelta("hi");
    private static final InferenceEvent.Finished DONE =
            new InferenceEvent.Finished(FinishReason.STOP, null, new Usage(300, 200, 50, 0));
    private static final InferenceEvent.Failed FAILED =
            new InferenceEvent.Failed(InferenceFailure.of(InferenceFailure.Kind.ENGINE_FAILED, "gone"));

    private static ActorTestKit kit;

    private final List<TurnClient> clients = new ArrayList<>();
    private final TenantRates rates = new TenantRates(new FrontendSettings.Rates(0, LIMIT), () -> 7);
    private RunningTurns turns;

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create();
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    @BeforeEach
    void serve() {
        turns = new RunningTurns(
                kit.system(), FrontendFixture.SETTINGS, rates, (request, client) -> clients.add(client), new Metrics());
    }

    @Test
    void aCompleteTurnCostsWhatWasComputedForIt() {
        begin(1, new ClientConnection());
        assertEquals(LIMIT - 10, left(), "while it runs, its estimate");
        clients.get(0).offer(HI, () -> {});
        clients.get(0).end(DONE);
        assertEquals(LIMIT - 150, left());
    }

    @Test
    void aTurnThatFailsBeforeItAnswersCostsNothing() {
        begin(1, new ClientConnection());
        clients.get(0).end(FAILED);
        assertEquals(LIMIT, left());
    }

    @Test
    void aTurnThatBreaksOffCostsItsEstimateAndItsAnswerSoFar() {
        begin(1, new ClientConnection());
        clients.get(0).offer(HI, () -> {});
        clients.get(0).offer(HI, () -> {});
        clients.get(0).end(FAILED);
        assertEquals(LIMIT - 12, left());
    }

    @Test
    void aClientThatLeavesPaysOnceWhateverItsTurnSaysLater() {
        ClientConnection client = new ClientConnection();
        begin(1, client);
        clients.get(0).offer(HI, () -> {});
        client.lost();
        assertEquals(LIMIT - 11, left());
        clients.get(0).end(DONE);
        assertEquals(LIMIT - 11, left());
    }

    @Test
    void severalAnswersAreAdmittedTogetherOrNotAtAll() {
        begin(99, new ClientConnection());
        assertEquals(10, left());
        RefusedRequest refused = assertThrows(RefusedRequest.class, () -> begin(2, new ClientConnection()));
        assertEquals(InferenceFailure.Kind.RATE_LIMITED, refused.failure().kind());
        assertEquals(Duration.ofMillis(600), refused.failure().retryAfter());
        assertEquals(99, clients.size());
        assertEquals(10, left());
        clients.forEach(client -> client.end(FAILED));
        assertEquals(LIMIT, left());
    }

    @Test
    void aTurnWhoseEngineDoesNotCountCostsItsEstimateAndItsAnswer() {
        InferenceEvent.Finished uncounted = new InferenceEvent.Finished(FinishReason.STOP, null, new Usage(0, 0, 0, 0));
        begin(2, new ClientConnection());
        clients.get(0).offer(HI, () -> {});
        clients.get(0).end(uncounted);
        clients.get(1).end(uncounted);
        assertEquals(LIMIT - 11 - 10, left());
    }

    @Test
    void aFailureAmongSeveralReadAnswersCostsWhatTheOthersSaidAndNothingOfThoseThatSaidNothing() {
        CompletionStage<List<ChoiceEvent>> read = turns.choices(Collections.nCopies(3, TURN), new ClientConnection())
                .runWith(Sink.seq(), kit.system());
        clients.get(0).offer(HI, () -> {});
        clients.get(1).end(FAILED);
        List<ChoiceEvent> events = FrontendFixture.join(read);
        assertEquals(FAILED, events.get(events.size() - 1).event());
        assertEquals(LIMIT - 11, left());
    }

    @Test
    void aFailureBeforeThereIsAResponseCostsNothingOfSeveralAnswers() {
        CompletionStage<HttpResponse> opened = turns.open(
                Collections.nCopies(2, TURN), new ClientConnection(), (events, prompt) -> HttpResponse.create());
        clients.get(0).end(FAILED);
        assertTrue(opened.toCompletableFuture().isCompletedExceptionally());
        assertEquals(LIMIT, left());
    }

    private void begin(int choices, ClientConnection client) {
        var unused = turns.choices(Collections.nCopies(choices, TURN), client);
    }

    /** What the headers of an answer tell. */
    private int left() {
        HttpRequest request = ServiceHeaders.begun(HttpRequest.POST("/v1/messages"), 0);
        rates.admit(request, TURN.session().tenant());
        return Integer.parseInt(ServiceHeaders.named(HttpResponse.create(), request, 0, FrontendFixture.NOW)
                .getHeader("anthropic-ratelimit-tokens-remaining")
                .orElseThrow()
                .value());
    }
}
