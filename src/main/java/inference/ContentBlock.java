package inference;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One typed piece of a {@link Message}.
 *
 * <p>Thread-safety: immutable.
 */
public sealed interface ContentBlock {

    /** Plain text. */
    record Text(String text) implements ContentBlock {}

    /**
     * Model reasoning.
     *
     * @param signature opaque proof that a dialect asks back with the text, if it had one
     */
    record Thinking(String text, @Nullable String signature) implements ContentBlock {}

    /**
     * A tool call by the model.
     *
     * @param id the harness's handle for its result; not part of the prompt
     * @param arguments a JSON object in compact form with its key order kept, so that every dialect renders it alike; or
     *     the raw text of a free-form tool
     */
    record ToolUse(String id, String name, String arguments) implements ContentBlock {}

    /**
     * The answer to a {@link ToolUse}.
     *
     * @param error whether the harness calls it one; not part of the prompt, because only one dialect can say it and no template of a
     *     model has a word for it
     */
    record ToolResult(String toolUseId, List<ContentBlock> content, boolean error) implements ContentBlock {
        public ToolResult {
            content = List.copyOf(content);
        }
    }

    /**
     * An image by reference: its bytes never enter a message between nodes.
     *
     * @param reference URL or data URL as the harness sent it
     */
    record Image(String mediaType, String reference) implements ContentBlock {}

    /** A refusal by the model. */
    record Refusal(String text) implements ContentBlock {}
}
