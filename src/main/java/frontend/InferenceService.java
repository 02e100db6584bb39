package frontend;

import inference.InferenceRequest;
import inference.TurnClient;

/**
 * Port to the cluster: runs turns.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface InferenceService {

    /**
     * Runs one turn, once, and hands the client its events, each when the one before is taken: a slow client slows its engine. The
     * terminal event comes only after the session's outcome is durable, and comes always unless the client leaves, which cancels
     * the turn. A failure before any token is the only event. Returns at once and throws nothing.
     */
    void infer(InferenceRequest request, TurnClient client);
}
