package frontend.chat;

import inference.InferenceRequest;

/**
 * A decoded chat request: what to run, and how to answer.
 *
 * <p>Thread-safety: immutable.
 *
 * @param stream whether the answer is a stream of events
 * @param includeUsage whether a stream ends with the usage
 * @param retention whether the answer shows what is kept of the session
 */
public record ChatRequest(InferenceRequest inference, boolean stream, boolean includeUsage, boolean retention) {}
