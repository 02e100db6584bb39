package workers.simserver;

import inference.ChatMlTemplate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes the {@link Answer} of a reply's actions: pads it to a least length, ends it at a stop string, cuts it at a greatest
 * length. Stateless.
 */
final class AnswerBuilder {
    private static final String FILLER = "and so on ";

    private AnswerBuilder() {}

    /** @param actions at least one of them with content, and the first one no fault */
    static Answer build(ChatMlTemplate template, List<Action> actions, AnswerLimits limits) {
        AnswerLayout layout = new AnswerLayout(template, actions);
        int missing = limits.paddedTokens() - layout.tokens().length;
        if (missing > 0) {
            List<Action> padded = new ArrayList<>(actions);
            String filler = FILLER.repeat(missing / FILLER.length() + 1).substring(0, missing);
            padded.add(new Action.Say(filler, Action.Pacing.NONE));
            layout = new AnswerLayout(template, padded);
        }
        return limit(layout, ending(layout, actions), limits);
    }

    /** How the answer ends if nothing cuts it, with all its tokens. */
    private static Answer ending(AnswerLayout layout, List<Action> actions) {
        int[] tokens = layout.tokens();
        Answer.Finish finish = layout.calls() > 0 ? Answer.Finish.TOOL_CALLS : Answer.Finish.STOP;
        RequestFailure failure = null;
        boolean ownEnd = true;
        for (Action action : actions) {
            if (action instanceof Action.Finish scripted) {
                boolean length = scripted.reason() == Action.Finish.Reason.LENGTH;
                finish = length ? Answer.Finish.LENGTH : Answer.Finish.CONTENT_FILTER;
                ownEnd = false;
            } else if (action instanceof Action.Fail fail) {
                failure = RequestFailure.scripted(fail);
                ownEnd = false;
            }
        }
        // Cut off from outside, an answer has no end marker.
        int length = ownEnd ? tokens.length : tokens.length - 1;
        return new Answer(Arrays.copyOf(tokens, length), layout.spans(), finish, null, failure);
    }

    private static Answer limit(AnswerLayout layout, Answer whole, AnswerLimits limits) {
        StopMatch stop = firstStop(layout, limits);
        if (stop != null && stop.to <= limits.maxTokens()) {
            List<Answer.Span> shown = cut(whole.spans(), stop.from);
            return new Answer(Arrays.copyOf(whole.tokens(), stop.to), shown, Answer.Finish.STOP, stop.string, null);
        }
        if (whole.tokens().length <= limits.maxTokens()) {
            return whole;
        }
        int max = limits.maxTokens();
        return new Answer(
                Arrays.copyOf(whole.tokens(), max), cut(whole.spans(), max), Answer.Finish.LENGTH, null, null);
    }

    /** What the tokens before {@code end} show. */
    private static List<Answer.Span> cut(List<Answer.Span> spans, int end) {
        List<Answer.Span> kept = new ArrayList<>();
        for (Answer.Span span : spans) {
            if (span.to() <= end) {
                kept.add(span);
            } else if (span.from() < end) {
                Answer.Kind kind = span.literal() ? span.kind() : Answer.Kind.MARKUP;
                kept.add(new Answer.Span(
                        kind, span.from(), end, span.shown(), span.literal(), span.call(), span.pacing()));
            }
        }
        return kept;
    }

    /** The stop string that is complete first, at or behind the least length. */
    private static @Nullable StopMatch firstStop(AnswerLayout layout, AnswerLimits limits) {
        StopMatch first = null;
        String text = layout.text();
        for (String stop : limits.stop()) {
            for (int at = text.indexOf(stop); at >= 0; at = text.indexOf(stop, at + 1)) {
                int from = layout.textFrom() + AnswerLayout.utf8Length(text.substring(0, at));
                int to = from + AnswerLayout.utf8Length(stop);
                if (to >= limits.minTokens()) {
                    first = first == null || to < first.to ? new StopMatch(stop, from, to) : first;
                    break;
                }
            }
        }
        return first;
    }

    /** A stop string's place among the tokens. */
    private record StopMatch(String string, int from, int to) {}
}
