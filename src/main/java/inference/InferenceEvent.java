package inference;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One step of an answer's stream. A stream is any number of deltas, then exactly one {@link Finished} or {@link Failed}.
 *
 * <p>Thread-safety: immutable.
 */
public sealed interface InferenceEvent {

    /**
     * More visible text.
     *
     * @param text empty only for a token that ends the text
     * @param logprobs of its tokens, when they were asked for
     */
    record TextDelta(String text, List<TokenLogprob> logprobs) implements InferenceEvent {
        public TextDelta {
            logprobs = List.copyOf(logprobs);
        }

        /** Text without log probabilities. */
        public TextDelta(String text) {
            this(text, List.of());
        }
    }

    /** More reasoning. */
    record ThinkingDelta(String text) implements InferenceEvent {}

    /** More refusal text. */
    record RefusalDelta(String text) implements InferenceEvent {}

    /**
     * A tool call begins.
     *
     * @param index position among the answer's calls, from 0
     */
    record ToolCallStarted(int index, String id, String name) implements InferenceEvent {}

    /** More of a call's arguments. */
    record ToolCallDelta(int index, String arguments) implements InferenceEvent {}

    /**
     * The answer is complete.
     *
     * @param stopSequence the stop string that ended it, for {@link FinishReason#STOP_SEQUENCE}
     */
    record Finished(FinishReason reason, @Nullable String stopSequence, Usage usage) implements InferenceEvent {}

    /** The answer ends here without being complete. */
    record Failed(InferenceFailure failure) implements InferenceEvent {}

    /** Whether this event ends the stream. */
    default boolean terminal() {
        return this instanceof Finished || this instanceof Failed;
    }
}
