package inference;

import org.jspecify.annotations.Nullable;

/**
 * Whether and which tool the model must call.
 *
 * <p>Thread-safety: immutable.
 *
 * @param name the tool, for {@link Mode#NAMED} only
 */
public record ToolChoice(Mode mode, @Nullable String name) {
    /** How free the model is. */
    public enum Mode {
        AUTO,
        NONE,
        REQUIRED,
        NAMED
    }

    /** The model decides. */
    public static final ToolChoice AUTO = new ToolChoice(Mode.AUTO, null);
}
