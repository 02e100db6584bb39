package workers.openai;

/**
 * How engines understand the {@code priority} of a request. Ours is higher for what is more urgent. The engines bound theirs to
 * 64 bits (vLLM) or not at all (SGLang), so each of ours is within their range.
 */
public enum EnginePriority {
    /** They refuse it, or have none: it is not sent. */
    OFF,
    /** Lower numbers run first, as vLLM's priority scheduling has it. */
    LOWER_FIRST,
    /** Higher numbers run first, as SGLang's has it by default. */
    HIGHER_FIRST;

    /** A priority of ours in the engines' order. */
    int of(int priority) {
        return switch (this) {
            case OFF -> 0;
            case LOWER_FIRST -> -Math.max(priority, -Integer.MAX_VALUE);
            case HIGHER_FIRST -> priority;
        };
    }
}
