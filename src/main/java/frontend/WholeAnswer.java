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
    void add(InferenceEvent event) {
        reply.add(event);
        if (event instanceof InferenceEvent.Finished end) {
            finished = end;
        } else if (event instanceof InferenceEvent.Failed failed) {
            failure = failed.failure();
        }
    }

    /** Why the answer ends without being complete; null when nothing failed. */
    @Nullable
    InferenceFailure failure() {
        return failure;
    }

    /** Whether it is all there. */
    boolean complete() {
        return finished != null;
    }

    /** What was said. */
    public ReplyBuilder reply() {
        return reply;
    }

    /** How it ended; only for an answer that is complete. */
    public InferenceEvent.Finished end() {
        InferenceEvent.Finished end = finished;
        if (end == null) {
            throw new IllegalStateException("the answer is not complete");
        }
        return end;
    }
}
