package inference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * An answer put together event by event.
 *
 * <p>Thread-safety: confined to one stream.
 */
public final class ReplyBuilder {
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder thinking = new StringBuilder();
    private final StringBuilder refusal = new StringBuilder();
    private final List<TokenLogprob> logprobs = new ArrayList<>();
    private final Map<Integer, Call> calls = new TreeMap<>();

    private record Call(String id, String name, StringBuilder arguments) {}

    /** Takes the next event; terminal ones add nothing. */
    public void add(InferenceEvent event) {
        if (event instanceof InferenceEvent.TextDelta delta) {
            text.append(delta.text());
            logprobs.addAll(delta.logprobs());
        } else if (event instanceof InferenceEvent.ThinkingDelta delta) {
            thinking.append(delta.text());
        } else if (event instanceof InferenceEvent.RefusalDelta delta) {
            refusal.append(delta.text());
        } else if (event instanceof InferenceEvent.ToolCallStarted call) {
            calls.put(call.index(), new Call(call.id(), call.name(), new StringBuilder()));
        } else if (event instanceof InferenceEvent.ToolCallDelta delta) {
            Call call = calls.get(delta.index());
            if (call != null) {
                call.arguments.append(delta.arguments());
            }
        }
    }

    /** Visible text so far. */
    public String text() {
        return text.toString();
    }

    /** Log probabilities of the text's tokens so far; none unless they were asked for. */
    public List<TokenLogprob> logprobs() {
        return List.copyOf(logprobs);
    }

    /** Reasoning so far. */
    public String thinking() {
        return thinking.toString();
    }

    /** Refusal so far. */
    public String refusal() {
        return refusal.toString();
    }

    /** Tool calls so far, their arguments as the engine spelled them. */
    public List<ContentBlock.ToolUse> calls() {
        return calls.values().stream()
                .map(call -> new ContentBlock.ToolUse(call.id, call.name, call.arguments.toString()))
                .toList();
    }

    /** The answer as the message that the harness will send back: reasoning, then text, then calls in their one spelling. */
    public Message message() {
        return message(CompactJson::arguments);
    }

    /** The same of an answer that goes on: the arguments of its calls as far as they came, as the engine spelled them. */
    public Message unfinished() {
        return message(arguments -> arguments);
    }

    private Message message(UnaryOperator<String> spelling) {
        List<ContentBlock> content = new ArrayList<>();
        if (thinking.length() > 0) {
            content.add(new ContentBlock.Thinking(thinking(), null));
        }
        if (text.length() > 0) {
            content.add(new ContentBlock.Text(text()));
        }
        if (refusal.length() > 0) {
            content.add(new ContentBlock.Refusal(refusal()));
        }
        for (ContentBlock.ToolUse call : calls()) {
            content.add(new ContentBlock.ToolUse(call.id(), call.name(), spelling.apply(call.arguments())));
        }
        return new Message(Role.ASSISTANT, content);
    }
}
