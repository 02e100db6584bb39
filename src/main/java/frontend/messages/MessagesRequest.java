package frontend.messages;

import inference.InferenceRequest;

/**
 * A decoded request: what to run, and how to answer.
 *
 * <p>Thread-safety: immutable.
 *
 * @param stream whether the answer is a stream of events
 * @param display how the answer shows reasoning
 * @param retention whether the answer shows what is kept of the session
 */
public record MessagesRequest(InferenceRequest inference, boolean stream, Display display, boolean retention) {

    /** What a client wants to see of the model's reasoning. */
    public enum Display {
        /** No blocks of it. */
        NONE,
        /** Blocks whose signature carries what their text leaves out. */
        OMITTED,
        /** All of it. */
        FULL
    }
}
