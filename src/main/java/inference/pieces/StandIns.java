package inference.pieces;

import inference.AgentHints;
import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.NextMessage;
import inference.Role;
import inference.Sampling;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.pieces.Piece.Speaker;
import java.util.ArrayList;
import java.util.List;

/**
 * Small conversations that stand for what a request's piece follows, of the same shape: with a tool where the request has tools, with a
 * system message where it has one, and its effort.
 *
 * <p>Thread-safety: immutable.
 */
final class StandIns {
    /** What stands for an unknown text. Its tokens begin where those of these two part: most texts' begin there or later. */
    static final List<String> TEXTS = List.of("x", "\ny");

    private static final ToolDefinition TOOL =
            new ToolDefinition("f", "x", "{\"type\":\"object\",\"properties\":{}}", null);
    /** Nine letters and digits: some templates take no other. */
    private static final String CALL = "standin00";

    private final InferenceRequest request;
    private final int system;

    StandIns(InferenceRequest request, int system) {
        this.request = request;
        this.system = system;
    }

    InferenceRequest request() {
        return request;
    }

    /** The plainest conversation of a model. */
    static InferenceRequest plain(InferenceRequest request) {
        return asking(request, List.of(), List.of(user(TEXTS.get(0))));
    }

    /** The request's own beginning and a user's message. */
    InferenceRequest head() {
        return asking(request, request.tools(), own(List.of(), 0, system, user(TEXTS.get(0))));
    }

    /** A conversation that begins with a user's message. */
    InferenceRequest beginning(String text) {
        return standIn(List.of(user(text)));
    }

    /** The request's first messages after system messages. */
    InferenceRequest first(Piece piece) {
        return standIn(own(List.of(), piece.from(), piece.to()));
    }

    /** A conversation that ends with a user's message, or with a tool's result. */
    InferenceRequest before(Speaker speaker) {
        return standIn(context(speaker));
    }

    /** The same and an exchange, which closes what reasoning it has. */
    InferenceRequest closing(Speaker speaker) {
        List<Message> messages = new ArrayList<>(context(speaker));
        messages.addAll(closing());
        return standIn(messages);
    }

    /** A piece after what stands for what it follows. */
    InferenceRequest exchange(Piece piece) {
        List<Message> before = context(piece.after());
        return standIn(
                piece.closed()
                        ? own(before, piece.from(), piece.to(), closing().toArray(Message[]::new))
                        : own(before, piece.from(), piece.to()));
    }

    /** The same, answered. */
    InferenceRequest answered(Piece piece, String text) {
        return exchange(piece).followedBy(NextMessage.after(request.messages(), text));
    }

    private static List<Message> closing() {
        return List.of(Message.text(Role.ASSISTANT, "y"), user(TEXTS.get(0)));
    }

    private static List<Message> context(Speaker speaker) {
        Message asked = user(TEXTS.get(0));
        return speaker == Speaker.USER
                ? List.of(asked)
                : List.of(
                        asked,
                        new Message(Role.ASSISTANT, List.of(new ContentBlock.ToolUse(CALL, TOOL.name(), "{}"))),
                        new Message(
                                Role.TOOL,
                                List.of(new ContentBlock.ToolResult(
                                        CALL, List.of(new ContentBlock.Text("r")), false))));
    }

    private List<Message> own(List<Message> before, int from, int to, Message... after) {
        List<Message> messages = new ArrayList<>(before);
        messages.addAll(request.messages().subList(from, to));
        messages.addAll(List.of(after));
        return messages;
    }

    private InferenceRequest standIn(List<Message> messages) {
        List<Message> all = new ArrayList<>();
        if (system > 0) {
            all.add(Message.text(Role.SYSTEM, "s"));
        }
        all.addAll(messages);
        return asking(request, request.tools().isEmpty() ? List.of() : List.of(TOOL), all);
    }

    private static Message user(String text) {
        return Message.text(Role.USER, text);
    }

    private static InferenceRequest asking(
            InferenceRequest request, List<ToolDefinition> tools, List<Message> messages) {
        return new InferenceRequest(
                request.turn(),
                request.model(),
                request.session(),
                tools,
                ToolChoice.AUTO,
                true,
                messages,
                Sampling.DEFAULT,
                request.effort(),
                AgentHints.NONE,
                List.of());
    }
}
