package workers.simserver;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A whole answer before its first token is told: which tokens the engine emits, what each of them shows, how it ends.
 *
 * <p>Thread-safety: immutable by convention: the array is never written again.
 *
 * @param tokens as they stand in the next prompt, its end marker included unless cut off
 * @param spans what the tokens show, in order and without gaps
 * @param finish how a client is told of the end
 * @param stopString the stop string that ended it
 * @param failure fault that comes instead of an end
 */
record Answer(
        int[] tokens, List<Span> spans, Finish finish, @Nullable String stopString, @Nullable RequestFailure failure) {

    /** Why an answer ends, in the words of the chat protocol. */
    enum Finish {
        STOP("stop"),
        LENGTH("length"),
        TOOL_CALLS("tool_calls"),
        CONTENT_FILTER("content_filter");

        private final String wireName;

        Finish(String wireName) {
            this.wireName = wireName;
        }

        String wireName() {
            return wireName;
        }
    }

    /** What a run of tokens shows a client. */
    enum Kind {
        /** Nothing: template markup, the end marker, a stop string. */
        MARKUP,
        THINKING,
        TEXT,
        REFUSAL,
        /** A tool call begins when the span is complete. */
        CALL,
        ARGUMENTS
    }

    /**
     * A run of tokens.
     *
     * @param from first token
     * @param to token behind the last
     * @param shown text it shows; a tool's name for {@link Kind#CALL}
     * @param literal whether the tokens are that text's bytes, so that a part of them shows a part of it
     * @param call position among the tool calls, for calls and their arguments
     */
    record Span(Kind kind, int from, int to, String shown, boolean literal, int call, Action.Pacing pacing) {}

    /** Milliseconds to wait before a token, beyond what the engine's passes cost. */
    double delayMillisBefore(int token) {
        for (Span span : spans) {
            if (token < span.to) {
                return span.pacing.paceMillis() + (token == span.from ? span.pacing.delayMillis() : 0);
            }
        }
        return 0;
    }

    /** Whether any token has to wait. */
    boolean paced() {
        return spans.stream().anyMatch(span -> !span.pacing.equals(Action.Pacing.NONE));
    }

    /** How many of the first {@code produced} tokens are reasoning. */
    int reasoningTokens(int produced) {
        int reasoning = 0;
        for (Span span : spans) {
            if (span.kind == Kind.THINKING) {
                reasoning += Math.max(0, Math.min(span.to, produced) - span.from);
            }
        }
        return reasoning;
    }
}
