package frontend;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import inference.InferenceEvent;
import inference.InferenceRequest;

/**
 * Port to the cluster: runs turns.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface InferenceService {

    /**
     * Runs one turn when the source is materialised, once. The stream ends with exactly one terminal event and never
     * fails; its terminal event is emitted only after the session's outcome is durable. Cancelling it cancels the turn.
     * A failure before any token is the stream's only element.
     */
    Source<InferenceEvent, NotUsed> infer(InferenceRequest request);
}
