package frontend;

import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.ReplyBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer in one piece, gathered event by event.
 *
 * <p>Thread-safety: confined to one stream.
 */
public final class WholeAnswer {
    private final ReplyBuilder reply = new ReplyBuilder();
    private final List<InferenceEvent> events = new ArrayList<>();
    private InferenceEvent.@Nullable Finished finished;
    private @Nullable InferenceFailure failure;

    /** Takes the next event. */
    void add(InferenceEvent event) {
        reply.add(event);
        if (event instanceof InferenceEvent.Finished end) {
            finished = end;
        } else if (event instanceof InferenceEvent.Failed failed) {
            failure = failed.failure();
        } else {
            events.add(event);
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

    /** What was said in the order in which it was: each stretch of one kind is one event, each call its start and its arguments. */
    public List<InferenceEvent> inOrder() {
        List<InferenceEvent> all = new ArrayList<>();
        ReplyBuilder stretch = new ReplyBuilder();
        Class<?> kind = InferenceEvent.class;
        for (InferenceEvent event : events) {
            if (event instanceof InferenceEvent.ToolCallDelta) {
                continue; // all of them are told with their call
            }
            if (event.getClass() != kind) {
                addStretch(stretch, all);
                stretch = new ReplyBuilder();
                kind = event.getClass();
            }
            if (event instanceof InferenceEvent.ToolCallStarted call) {
                all.add(call);
                all.add(new InferenceEvent.ToolCallDelta(
                        call.index(), reply.calls().get(call.index()).arguments()));
            } else {
                stretch.add(event);
            }
        }
        addStretch(stretch, all);
        return all;
    }

    private static void addStretch(ReplyBuilder stretch, List<InferenceEvent> all) {
        if (!stretch.thinking().isEmpty()) {
            all.add(new InferenceEvent.ThinkingDelta(stretch.thinking()));
        } else if (!stretch.text().isEmpty()) {
            all.add(new InferenceEvent.TextDelta(stretch.text(), stretch.logprobs()));
        } else if (!stretch.refusal().isEmpty()) {
            all.add(new InferenceEvent.RefusalDelta(stretch.refusal()));
        }
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
