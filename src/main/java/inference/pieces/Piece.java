package inference.pieces;

import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of a prompt that templates write by itself.
 *
 * @param kind what it is
 * @param from its first message
 * @param to the message after its last
 * @param after what it follows
 * @param closed whether it has reasoning that a user's message in a later piece closes, which many templates then leave out
 */
record Piece(Kind kind, int from, int to, Speaker after, boolean closed) {

    /** What a piece is. */
    enum Kind {
        /** Tool definitions and leading system messages, up to the text of the first message after them. */
        HEAD,
        /** Messages before the first of the model, from their text on. */
        FIRST,
        /** Messages of the model and what answers them. */
        EXCHANGE,
        /** Messages of the model that nobody has answered yet, up to the text of whoever will. */
        UNANSWERED,
        /** What makes the model speak. */
        OPENING
    }

    /** Whose message stands before a piece: templates write the model's next message differently after tool results. */
    enum Speaker {
        USER,
        TOOL;

        static Speaker of(Message message) {
            return message.role() == Role.TOOL ? TOOL : USER;
        }
    }

    /**
     * Cuts a prompt.
     *
     * @return null when its first message after system messages is the model's, or when it has images, which engines tell alike
     */
    static @Nullable List<Piece> cut(InferenceRequest request) {
        List<Message> messages = request.messages();
        int system = next(messages, 0, Role.SYSTEM);
        if ((system < messages.size() && messages.get(system).role() == Role.ASSISTANT)
                || messages.stream().anyMatch(message -> hasImage(message.content()))) {
            return null;
        }
        int lastUser = messages.size() - 1;
        while (lastUser >= 0 && messages.get(lastUser).role() != Role.USER) {
            lastUser--;
        }
        List<Piece> pieces = new ArrayList<>();
        pieces.add(new Piece(Kind.HEAD, 0, system, Speaker.USER, false));
        int at = system;
        while (at < messages.size()) {
            int replies = next(messages, at, Role.ASSISTANT);
            int to = replies;
            while (to < messages.size() && messages.get(to).role() != Role.ASSISTANT) {
                to++;
            }
            Kind kind = at == system ? Kind.FIRST : replies == messages.size() ? Kind.UNANSWERED : Kind.EXCHANGE;
            Speaker after = at == system ? Speaker.USER : Speaker.of(messages.get(at - 1));
            boolean closed = to <= lastUser && messages.subList(at, to).stream().anyMatch(Piece::reasons);
            pieces.add(new Piece(kind, at, to, after, closed));
            at = to;
        }
        Speaker last = messages.isEmpty() ? Speaker.USER : Speaker.of(messages.get(messages.size() - 1));
        pieces.add(new Piece(Kind.OPENING, messages.size(), messages.size(), last, false));
        return pieces;
    }

    /** The first message from a place on that is not of a role. */
    private static int next(List<Message> messages, int from, Role role) {
        int at = from;
        while (at < messages.size() && messages.get(at).role() == role) {
            at++;
        }
        return at;
    }

    private static boolean hasImage(List<ContentBlock> content) {
        return content.stream()
                .anyMatch(block -> block instanceof ContentBlock.Image
                        || (block instanceof ContentBlock.ToolResult result && hasImage(result.content())));
    }

    private static boolean reasons(Message message) {
        return message.content().stream().anyMatch(ContentBlock.Thinking.class::isInstance);
    }
}
