package workers;

import java.util.List;
import kv.Incarnation;
import kv.KvEvent;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * News for a router, numbered from 1 per {@link Worker.Attach}; a number is never skipped. The first is always a {@link Joined}.
 */
public sealed interface WorkerUpdate {
    long number();

    /** What the worker is from here on. Blocks told before are void: those it holds follow as a snapshot. */
    record Joined(
            long number,
            WorkerId worker,
            WorkerState state,
            Incarnation incarnation,
            @Nullable EngineFacts facts,
            WorkerLoad load)
            implements WorkerUpdate {}

    /**
     * Changes of the engine's blocks, in order; a snapshot comes as stores. At most 64 KiB serialized.
     *
     * @param rank data-parallel rank, or seat, whose cache changed, from 0
     */
    record BlocksChanged(long number, Incarnation incarnation, int rank, List<KvEvent> events) implements WorkerUpdate {
        public BlocksChanged {
            events = List.copyOf(events);
        }
    }

    /** The load or state changed; coalesced. */
    record LoadChanged(long number, WorkerState state, WorkerLoad load) implements WorkerUpdate {}
}
