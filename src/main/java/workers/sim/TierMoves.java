package workers.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kv.KvTier;
import org.jspecify.annotations.Nullable;

/**
 * Everything an engine does with tiers beyond its device: moves down, moves up, and what their ends bring.
 *
 * <p>Thread-safety: none.
 */
final class TierMoves {
    private final Memory memory;
    private final Offload offload;
    private final Onboard onboard;
    private final Map<String, Onboard.Load> pulls = new HashMap<>();
    private List<Runnable> arrivals = new ArrayList<>();
    private double settledMillis = Double.NEGATIVE_INFINITY;

    TierMoves(Memory memory, boolean writeBack, Scheduler scheduler) {
        this.memory = memory;
        offload = new Offload(memory, writeBack, effect -> arrivals.add(effect));
        onboard = new Onboard(memory, effect -> arrivals.add(effect), scheduler::wake);
        memory.changes.demoteTo(offload);
        scheduler.onboardBy(onboard);
    }

    /** Brings the engine's tiers up to a time: transfers that ended, holds that expired. */
    void settle(double nowMillis) {
        settledMillis = nowMillis;
        memory.settle(nowMillis);
        List<Runnable> arrived = arrivals;
        arrivals = new ArrayList<>();
        arrived.forEach(Runnable::run);
        memory.colder().forEach(tier -> tier.pool.holds().expire(nowMillis));
    }

    /** When to settle next: at the latest when the next transfer ends; infinity while nothing is under way. */
    double nextArrivalMillis() {
        return arrivals.isEmpty() ? memory.nextEndMillis() : settledMillis;
    }

    int demote(long[] chain, KvTier to) {
        return offload.demote(chain, to);
    }

    /** Returns how many leading blocks are on the device or on their way. */
    int prefetch(long[] chain) {
        return onboard.load(chain);
    }

    int pull(String id, long[] chain, @Nullable Memory peer, Runnable ended) {
        abortPull(id);
        Onboard.Load load = onboard.pull(chain, peer == null ? memory.networkPath() : memory.path(peer), () -> {
            pulls.remove(id);
            ended.run();
        });
        if (load == null) {
            return 0;
        }
        pulls.put(id, load);
        return load.to();
    }

    void abortPull(String id) {
        Onboard.Load load = pulls.get(id);
        if (load != null) {
            onboard.abort(load);
        }
    }

    /** Sends blocks to somewhere beyond the fabric. */
    void send(int blocks, Runnable sent) {
        memory.begin(memory.networkPath(), blocks, () -> arrivals.add(sent));
    }

    /** How many leading blocks of a chain are in any tier. */
    int resident(long[] chain) {
        int depth = 0;
        while (depth < chain.length && memory.anywhere(chain[depth])) {
            depth++;
        }
        return depth;
    }

    Memory memory() {
        return memory;
    }

    /** The pool of one of the engine's own tiers. */
    @Nullable
    BlockPool pool(KvTier tier) {
        ColdTier cold = tier == KvTier.REMOTE ? null : memory.tier(tier);
        return cold == null ? null : cold.pool;
    }

    int blocks(KvTier tier) {
        ColdTier cold = memory.tier(tier);
        return cold == null ? 0 : cold.blocks();
    }
}
