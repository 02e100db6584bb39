package inference;

/** Why an answer ended. */
public enum FinishReason {
    /** The model was done. */
    STOP,
    /** A stop string appeared. */
    STOP_SEQUENCE,
    /** The token limit was reached. */
    LENGTH,
    /** The model wants tool results. */
    TOOL_CALLS,
    /** The model refused. */
    REFUSAL,
    /** A filter cut the answer. */
    CONTENT_FILTER
}
