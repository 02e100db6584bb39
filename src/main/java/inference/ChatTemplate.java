package inference;

import java.util.List;

/**
 * How a model wants a conversation written: a prompt is {@link #tools} once, then {@link #message} for each message, then
 * {@link #replyOpening}, as tokens one after the other. Because a prompt is this plain concatenation, a prompt that
 * extends a known one is rendered from where it extends it.
 *
 * <p>Thread-safety: immutable.
 */
public interface ChatTemplate {

    /** Tokens of the tool definitions; empty without tools. */
    int[] tools(List<ToolDefinition> tools);

    /** Tokens of one whole message, its end marker included. */
    int[] message(Message message);

    /** Tokens that make the model speak. */
    int[] replyOpening();
}
