package workers;

import java.util.function.LongFunction;
import kv.Incarnation;
import kv.KvTier;
import kv.WorkerId;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** What a worker says of itself, put together from its parts. Confined to its worker. */
final class WorkerView {
    private final WorkerId id;
    private final EngineLife life;
    private final Admissions admissions;
    private final LoadView load;
    private final EngineCache cache;
    private final HoldCommands holds;

    WorkerView(
            WorkerId id, EngineLife life, Admissions admissions, LoadView load, EngineCache cache, HoldCommands holds) {
        this.id = id;
        this.life = life;
        this.admissions = admissions;
        this.load = load;
        this.cache = cache;
        this.holds = holds;
    }

    WorkerLoad load() {
        return load.now(admissions, cache.mirror(), holds.deviceBlocks(), life.facts());
    }

    /** Device blocks that neither running turns nor holds need; none while requests wait for some. */
    int sparedBlocks() {
        WorkerLoad now = load();
        int needed = admissions.freshBlocks() + now.deviceBlocksHeld();
        return now.waitingRequests() > 0 ? 0 : Math.max(0, now.deviceBlocksTotal() - needed);
    }

    WorkerStatus status() {
        EngineFacts facts = life.facts();
        return new WorkerStatus(
                id,
                life.state(),
                facts == null ? null : cache.incarnation(),
                facts,
                load(),
                admissions.turns(),
                life.reason(),
                cache.mirror().blocks(KvTier.HOST),
                cache.mirror().blocks(KvTier.DISK),
                holds.holds(),
                holds.held(),
                life.copies());
    }

    /** Tells a router everything. */
    void begin(UpdateStream stream) {
        Incarnation now = cache.incarnation();
        WorkerState state = life.state();
        EngineFacts facts = life.facts();
        WorkerLoad current = load();
        LongFunction<WorkerUpdate> joined = number -> new WorkerUpdate.Joined(number, id, state, now, facts, current);
        stream.begin(joined, now, cache.mirror().snapshot());
    }
}
