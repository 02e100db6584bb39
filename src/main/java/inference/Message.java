package inference;

import java.util.List;

/**
 * One speaker's contribution to a conversation. Adjacent messages of one role are one message: dialects split them
 * differently, prompts must not.
 *
 * <p>Thread-safety: immutable.
 */
public record Message(Role role, List<ContentBlock> content) {
    public Message {
        content = List.copyOf(content);
    }

    /** A message of one text. */
    public static Message text(Role role, String text) {
        return new Message(role, List.of(new ContentBlock.Text(text)));
    }
}
