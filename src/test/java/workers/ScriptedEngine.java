package workers;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import inference.InferenceEvent;
import inference.InferenceRequest;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** An engine whose probes answer what a test says. */
final class ScriptedEngine implements EngineClient {
    static final EngineFacts FACTS =
            new EngineFacts(List.of("sim-echo"), 2, 100, 8192, 2, 150, EngineCapabilities.NONE);
    final AtomicInteger probes = new AtomicInteger();
    private volatile CompletionStage<Probe> answer = CompletableFuture.completedFuture(new Probe(FACTS, 1000, 0, 0));

    void answers(EngineFacts facts, long lifeNumber, int running, int waiting) {
        answer = CompletableFuture.completedFuture(new Probe(facts, lifeNumber, running, waiting));
    }

    void fails() {
        answer = CompletableFuture.failedFuture(new java.io.IOException("connection refused"));
    }

    @Override
    public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
        throw new UnsupportedOperationException("workers never generate");
    }

    @Override
    public CompletionStage<Probe> probe() {
        probes.incrementAndGet();
        return answer;
    }
}
