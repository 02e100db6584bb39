package inference;

/** Who speaks a {@link Message}. */
public enum Role {
    SYSTEM,
    USER,
    ASSISTANT,
    /** Results of tool calls. */
    TOOL
}
