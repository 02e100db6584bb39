package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import inference.AgentHints;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptLength;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.TurnId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import kv.Incarnation;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import workers.EngineClient;
import workers.Seat;
import workers.WorkerStatus;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class EngineCountsTest {
    private static final int BY_TURNS = 99;
    private static final CompletionStage<OptionalInt> NO_WAY = CompletableFuture.completedStage(OptionalInt.empty());

    private final List<WorkerStatus> workers = new ArrayList<>();
    private final Map<WorkerId, CompletionStage<OptionalInt>> told = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private final EngineCounts counts = new EngineCounts(
            request -> CompletableFuture.completedStage(new PromptLength(BY_TURNS, List.of())),
            Set.of("configured"),
            () -> CompletableFuture.completedStage(workers),
            Counting::new,
            Duration.ofMillis(50));

    @Test
    void anEngineOfTheModelIsAsked() {
        add("http://other", 1, "another", CompletableFuture.completedStage(OptionalInt.of(1)));
        add("http://a", 1, "served", CompletableFuture.completedStage(OptionalInt.of(7)));

        assertEquals(7, count("served"));
        assertEquals(List.of("http://a"), asked);
    }

    @Test
    void whereTheTokenizerIsConfiguredNoEngineIsAsked() {
        add("http://a", 1, "configured", CompletableFuture.completedStage(OptionalInt.of(7)));

        assertEquals(BY_TURNS, count("configured"));
        assertEquals(List.of(), asked);
    }

    @Test
    void anEngineWithoutAWayToTellIsAskedOnceInItsLife() {
        add("http://a", 1, "served", NO_WAY);
        assertEquals(BY_TURNS, count("served"));
        assertEquals(BY_TURNS, count("served"));
        assertEquals(List.of("http://a"), asked);

        workers.clear();
        add("http://a", 2, "served", CompletableFuture.completedStage(OptionalInt.of(7)));
        assertEquals(7, count("served"));
    }

    @Test
    void oneThatFailsIsPassedOverAndAskedAgain() {
        add("http://a", 1, "served", CompletableFuture.failedStage(new IllegalStateException("answered 503")));
        add("http://b", 1, "served", CompletableFuture.completedStage(OptionalInt.of(7)));

        assertEquals(7, count("served"));
        assertEquals(7, count("served"));
        assertEquals(List.of("http://a", "http://b", "http://a", "http://b"), asked);
    }

    @Test
    void oneThatIsNotReachedIsNotAsked() {
        add("http://a", WorkerState.UNREACHABLE, 1, "served", CompletableFuture.completedStage(OptionalInt.of(7)));

        assertEquals(BY_TURNS, count("served"));
    }

    @Test
    void oneThatDoesNotAnswerInTimeIsNotWaitedFor() {
        add("http://a", 1, "served", new CompletableFuture<>());

        assertEquals(BY_TURNS, count("served"));
    }

    private int count(String model) {
        return counts.count(request(model)).toCompletableFuture().join();
    }

    private void add(String url, long life, String model, CompletionStage<OptionalInt> answer) {
        add(url, WorkerState.READY, life, model, answer);
    }

    private void add(String url, WorkerState state, long life, String model, CompletionStage<OptionalInt> answer) {
        told.put(new WorkerId(url), answer);
        workers.add(new WorkerStatus(
                new WorkerId(url),
                state,
                new Incarnation(life, life),
                new EngineFacts(List.of(model), 16, 100, 8192, 2, 150, EngineCapabilities.NONE),
                WorkerLoad.idle(100),
                0,
                "",
                0,
                0,
                List.of(),
                List.of(),
                null));
    }

    private static InferenceRequest request(String model) {
        return new InferenceRequest(
                new TurnId("t"),
                model,
                new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                List.of(),
                ToolChoice.AUTO,
                true,
                List.of(Message.text(Role.USER, "hi")),
                Sampling.DEFAULT,
                null,
                AgentHints.NONE,
                List.of());
    }

    /** An engine of which only this is asked. */
    private final class Counting implements EngineClient {
        private final WorkerId worker;

        Counting(WorkerId worker) {
            this.worker = worker;
        }

        @Override
        public CompletionStage<OptionalInt> promptTokens(InferenceRequest request) {
            asked.add(worker.url());
            @Nullable CompletionStage<OptionalInt> answer = told.get(worker);
            return answer == null ? NO_WAY : answer;
        }

        @Override
        public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
            return Source.empty();
        }

        @Override
        public CompletionStage<Probe> probe() {
            return CompletableFuture.failedStage(new IllegalStateException("not asked here"));
        }
    }
}
