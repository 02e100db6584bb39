package frontend;

import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.ReplyBuilder;
import org.jspecify.annotations.Nullable;

/**
 * One answer in one piece, gathered event by event.
 *
 * <p>Thread-safety: confined to one stream.
 */
public final class WholeAnswer {
    private final ReplyBuilder reply = new ReplyBuilder();
    private InferenceEvent.@Nullable Finished finished;
    private @Nullable InferenceFailure failure;

    /** Takes the next event. */
    public WholeAnswer add(InferenceEvent event) {
        reply.add(event);
        if (event instanceof InferenceEvent.Finished end) {
            finished = end;
        } else if (event instanceof InferenceEvent.Failed failed) {
            failure = failed.failure();
        }
        return this;
    }

    /** Why there is no answer; null when there is one. */
    public @Nullable InferenceFailure failure() {
        return finished == null && failure == null
                ? InferenceFailure.of(InferenceFailure.Kind.CANCELLED, "the turn was cancelled")
                : failure;
    }

    /** What was said. */
    public ReplyBuilder reply() {
        return reply;
    }

    /** How it ended; only for an answer without a failure. */
    public InferenceEvent.Finished end() {
        InferenceEvent.Finished end = finished;
        if (end == null) {
            throw new IllegalStateException("the answer is not complete");
        }
        return end;
    }
}
