package router;

import java.util.Optional;
import kv.Incarnation;
import kv.WorkerId;
import router.retention.LiveWorker;
import router.retention.LiveWorkers;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * The workers as this node sees them: written by its {@link IndexReplica}, read by the lease keepers that live here.
 *
 * <p>Thread-safety: one writer, many readers.
 */
public final class WorkerRoster {
    private volatile LiveWorkers live = LiveWorkers.UNKNOWN;

    /** All workers that speak now. */
    public LiveWorkers live() {
        return live;
    }

    /** A worker is there, or is there again in another incarnation. */
    public void joined(
            WorkerId worker, Incarnation incarnation, EngineFacts facts, WorkerState state, WorkerLoad load) {
        live = live.with(new LiveWorker(worker, incarnation, state, facts, load));
    }

    void changed(WorkerId worker, WorkerState state, WorkerLoad load) {
        Optional<LiveWorker> known = live.find(worker);
        known.ifPresent(before -> joined(worker, before.incarnation(), before.facts(), state, load));
    }

    /** A worker is not there any more, but may be back: elsewhere, when its node died or gave it away. */
    void missing(WorkerId worker) {
        live = live.missing(worker);
    }

    /** A worker is gone. */
    void lost(WorkerId worker) {
        live = live.without(worker);
    }
}
