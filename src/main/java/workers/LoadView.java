package workers;

import kv.KvTier;
import org.jspecify.annotations.Nullable;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;

/**
 * A worker's load between two probes: what the engine last said, corrected by what was admitted and ended since. Mutable,
 * not thread safe.
 */
final class LoadView {
    private int waiting;
    /** Requests that reach the engine past us. */
    private int foreign;

    void probed(EngineClient.Probe probe, int admittedTurns) {
        waiting = probe.waitingRequests();
        foreign = Math.max(0, probe.runningRequests() + probe.waitingRequests() - admittedTurns);
    }

    /** Nothing runs in an engine that has just started. */
    void restarted() {
        waiting = 0;
        foreign = 0;
    }

    WorkerLoad now(Admissions admissions, BlockMirror mirror, int heldBlocks, @Nullable EngineFacts facts) {
        int total = facts == null ? 0 : facts.deviceBlocks();
        int requests = admissions.turns() + foreign;
        int queued = Math.min(waiting, requests);
        int used = Math.min(total, admissions.reservedBlocks());
        int cached = Math.max(0, Math.min(total, mirror.blocks(KvTier.DEVICE)) - used);
        return new WorkerLoad(
                requests - queued,
                queued,
                used,
                cached,
                Math.min(total, heldBlocks),
                total,
                mirror.seats().taken());
    }
}
