package inference;

import org.jspecify.annotations.Nullable;

/**
 * One step of an answer's stream. A stream is any number of deltas, then exactly one {@link Finished} or {@link Failed}.
 *
 * <p>Thread-safety: immutable.
 */
public sealed interface InferenceEvent {

    /** More visible text. */
    record TextDelta(String text) implements InferenceEvent {}

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
