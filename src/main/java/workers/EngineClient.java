package workers;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import inference.InferenceEvent;
import inference.InferenceRequest;
import java.util.concurrent.CompletionStage;
import workers.status.EngineFacts;

/**
 * Port to one engine from one node: what every kind of engine can be asked.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface EngineClient {

    /**
     * Streams one answer. The source ends with exactly one terminal event and never fails; cancelling it aborts the
     * request in the engine. {@link inference.InferenceFailure.Kind#ENGINE_FAILED} says that the engine died or broke off.
     */
    Source<InferenceEvent, NotUsed> generate(InferenceRequest request);

    /** Asks the engine what it is and since when; fails when it does not answer. */
    CompletionStage<Probe> probe();

    /**
     * Answer of a live engine.
     *
     * @param startedAtMillis the engine's own process start time, which tells a restart; 0 when it does not say
     * @param runningRequests requests the engine runs, by its own metrics
     * @param waitingRequests requests the engine queues, by its own metrics
     */
    record Probe(EngineFacts facts, long startedAtMillis, int runningRequests, int waitingRequests) {}
}
