package workers.simserver;

import inference.ChatMlTemplate;
import inference.ContentBlock;
import inference.Message;
import inference.Role;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A reply's actions as the tokens of the assistant message that a client will send back: reasoning first, then text,
 * refusal and calls, each kind joined, for that is all the chat protocol keeps of their order.
 *
 * <p>Thread-safety: none; for one answer.
 */
final class AnswerLayout {
    /** Stands in for a visible part, to find out how much markup a template puts before it. */
    private static final String PROBE = "\u0001";

    private final ChatMlTemplate template;
    private final List<ContentBlock> blocks = new ArrayList<>();
    private final List<Answer.Span> spans = new ArrayList<>();
    private int length;
    private int calls;
    private String text = "";
    private int textFrom;

    AnswerLayout(ChatMlTemplate template, List<Action> actions) {
        this.template = template;
        List<Part> thinking = new ArrayList<>();
        List<Part> saying = new ArrayList<>();
        List<Part> refusing = new ArrayList<>();
        for (Action action : actions) {
            if (action instanceof Action.Think think) {
                thinking.add(new Part(think.text(), think.pacing()));
            } else if (action instanceof Action.Say say) {
                saying.add(new Part(say.text(), say.pacing()));
            } else if (action instanceof Action.Refuse refuse) {
                refusing.add(new Part(refuse.text(), refuse.pacing()));
            }
        }
        layOut(Answer.Kind.THINKING, thinking, joined -> new ContentBlock.Thinking(joined, null));
        layOut(Answer.Kind.TEXT, saying, ContentBlock.Text::new);
        layOut(Answer.Kind.REFUSAL, refusing, ContentBlock.Refusal::new);
        for (Action action : actions) {
            if (action instanceof Action.Call call) {
                layOut(call);
            }
        }
    }

    /** Tokens of the message's content and its end marker. */
    int[] tokens() {
        int[] tokens = render(blocks, 1);
        if (tokens.length != length + 1) {
            throw new IllegalStateException("laid out " + length + " tokens, rendered " + tokens.length);
        }
        return tokens;
    }

    List<Answer.Span> spans() {
        return spans;
    }

    int calls() {
        return calls;
    }

    /** The visible text. */
    String text() {
        return text;
    }

    /** Position of the token that is the visible text's first byte. */
    int textFrom() {
        return textFrom;
    }

    private void layOut(Answer.Kind kind, List<Part> parts, Function<String, ContentBlock> block) {
        StringBuilder joined = new StringBuilder();
        parts.forEach(part -> joined.append(part.text));
        if (joined.length() == 0) {
            return;
        }
        int[] probe = render(List.of(block.apply(PROBE)), 0);
        int before = indexOfProbe(probe);
        separate();
        blocks.add(block.apply(joined.toString()));
        span(Answer.Kind.MARKUP, before, "", false, Action.Pacing.NONE);
        if (kind == Answer.Kind.TEXT) {
            text = joined.toString();
            textFrom = length;
        }
        for (Part part : parts) {
            span(kind, utf8Length(part.text), part.text, true, part.pacing);
        }
        span(Answer.Kind.MARKUP, probe.length - before - 1, "", false, Action.Pacing.NONE);
    }

    private void layOut(Action.Call call) {
        String arguments = wellFormed(call.arguments());
        ContentBlock block = new ContentBlock.ToolUse("", call.name(), arguments);
        int[] probe = render(List.of(new ContentBlock.ToolUse("", call.name(), "{" + PROBE)), 0);
        int before = indexOfProbe(probe) - 1;
        int after = probe.length - before - 2;
        int argumentTokens = render(List.of(block), 0).length - before - after;
        separate();
        blocks.add(block);
        Action.Pacing pace = new Action.Pacing(0, call.pacing().paceMillis());
        span(Answer.Kind.CALL, before, call.name(), false, call.pacing());
        span(Answer.Kind.ARGUMENTS, argumentTokens, arguments, arguments.startsWith("{"), pace);
        span(Answer.Kind.MARKUP, after, "", false, Action.Pacing.NONE);
        calls++;
    }

    private void separate() {
        if (length > 0) {
            span(Answer.Kind.MARKUP, 1, "", false, Action.Pacing.NONE);
        }
    }

    private void span(Answer.Kind kind, int tokens, String shown, boolean literal, Action.Pacing pacing) {
        if (tokens > 0) {
            spans.add(new Answer.Span(kind, length, length + tokens, shown, literal, calls, pacing));
            length += tokens;
        }
    }

    /** Tokens between a message's opening and its end marker, and as many behind them as asked for. */
    private int[] render(List<ContentBlock> content, int behind) {
        int[] whole = template.message(new Message(Role.ASSISTANT, content));
        int[] empty = template.message(new Message(Role.ASSISTANT, List.of()));
        int opening = template.replyOpening().length;
        int closing = empty.length - opening;
        return Arrays.copyOfRange(whole, opening, whole.length - closing + behind);
    }

    private static int indexOfProbe(int[] tokens) {
        int at = 0;
        while (tokens[at] != PROBE.charAt(0)) {
            at++;
        }
        return at;
    }

    static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** The text with unpaired surrogates replaced, so that its parts have as many bytes as the whole. */
    private static String wellFormed(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    /** Text of one action. */
    private record Part(String text, Action.Pacing pacing) {
        Part {
            text = wellFormed(text);
        }
    }
}
