package router.queue;

import inference.TurnId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kv.PromptBlocks;

/**
 * This router's turns in flight: the source of truth about the load that it caused itself. Other routers' turns are seen
 * only through what workers report.
 *
 * <p>Prefill is charged when a turn is placed and held until its first token; blocks are held until the turn is over.
 * Workers are numbered by slots, which are reused.
 *
 * <p>Thread-safety: confined to its router.
 */
public final class ActiveRequests {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double MILLIS_PER_SECOND = 1e3;

    private final Map<TurnId, Active> byTurn = new HashMap<>();
    private final ActivePrefixes prefixes = new ActivePrefixes();
    private final List<WorkerSums> slots = new ArrayList<>();
    private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
    private final double rateWindowSeconds;
    private final SharedBlocks shared = new SharedBlocks();

    /** A turn in flight. */
    private static final class Active {
        private final int slot;
        private final PromptBlocks prompt;
        private final int privateBlocks;
        private final int prefillTokens;
        private final double loadMillis;
        private final double prefillMillis;
        private final long startNanos;
        private boolean prefilling = true;

        Active(
                int slot,
                PromptBlocks prompt,
                int privateBlocks,
                int prefillTokens,
                double loadMillis,
                double prefillMillis,
                long startNanos) {
            this.slot = slot;
            this.prompt = prompt;
            this.privateBlocks = privateBlocks;
            this.prefillTokens = prefillTokens;
            this.loadMillis = loadMillis;
            this.prefillMillis = prefillMillis;
            this.startNanos = startNanos;
        }
    }

    /** One worker's sums over its turns in flight. */
    private static final class WorkerSums {
        private int requests;
        private int prefillingRequests;
        private long prefillTokens;
        private double untilPrefilledMillis;
        private long prefillProgressNanos;
        private int blocks;
        private double recentBlocks;
        private double recentPrefillMillis;
        private long recentNanos;
    }

    /** @param rateWindowSeconds time constant of {@link #allocatedBlocksPerSecond} and {@link #prefillShare} */
    public ActiveRequests(double rateWindowSeconds) {
        this.rateWindowSeconds = rateWindowSeconds;
    }

    /** Takes a slot for a worker. */
    public int openSlot() {
        Integer free = freeSlots.poll();
        if (free != null) {
            slots.set(free, new WorkerSums());
            return free;
        }
        slots.add(new WorkerSums());
        return slots.size() - 1;
    }

    /** Gives a slot back with all its turns, whose later events are then ignored. */
    public void closeSlot(int slot) {
        byTurn.values().removeIf(active -> {
            if (active.slot == slot) {
                prefixes.remove(active.prompt, slot, !active.prefilling);
            }
            return active.slot == slot;
        });
        freeSlots.push(slot);
    }

    /**
     * Charges a turn to a worker.
     *
     * @param privateBlocks blocks beyond the prompt's full ones
     * @param filledBlocks blocks that the worker must fill anew
     * @param prefillTokens uncached prompt tokens
     * @param loadMillis predicted time to bring what is cached elsewhere, before that
     * @param prefillMillis predicted time to prefill the uncached tokens
     */
    public void start(
            TurnId turn,
            int slot,
            PromptBlocks prompt,
            int privateBlocks,
            int filledBlocks,
            int prefillTokens,
            double loadMillis,
            double prefillMillis,
            long nowNanos) {
        Active active = new Active(slot, prompt, privateBlocks, prefillTokens, loadMillis, prefillMillis, nowNanos);
        if (byTurn.putIfAbsent(turn, active) != null) {
            throw new IllegalStateException(turn + " is in flight already");
        }
        WorkerSums sums = slots.get(slot);
        if (sums.prefillingRequests == 0) {
            sums.prefillProgressNanos = nowNanos;
        }
        sums.requests++;
        sums.prefillingRequests++;
        sums.prefillTokens += prefillTokens;
        sums.untilPrefilledMillis += loadMillis + prefillMillis;
        sums.blocks += prefixes.add(prompt, slot) + privateBlocks;
        fade(sums, nowNanos);
        sums.recentBlocks += filledBlocks;
        sums.recentPrefillMillis += prefillMillis;
    }

    /** Ends a turn's prefill; false when it is not in flight or had its first token already. */
    public boolean firstToken(TurnId turn, long nowNanos) {
        Active active = byTurn.get(turn);
        if (active == null || !active.prefilling) {
            return false;
        }
        endPrefill(active, nowNanos);
        prefixes.computed(active.prompt, active.slot);
        return true;
    }

    /** The slot of a turn in flight, or -1. */
    public int slot(TurnId turn) {
        Active active = byTurn.get(turn);
        return active == null ? -1 : active.slot;
    }

    /** Ends a turn; false when it is not in flight. */
    public boolean finish(TurnId turn, long nowNanos) {
        Active active = byTurn.remove(turn);
        if (active == null) {
            return false;
        }
        WorkerSums sums = slots.get(active.slot);
        sums.requests--;
        sums.blocks -= prefixes.remove(active.prompt, active.slot, !active.prefilling) + active.privateBlocks;
        if (active.prefilling) {
            endPrefill(active, nowNanos);
            // It moves, or nobody waits for it any more: the worker did not do this prefill, or not to its end.
            fade(sums, nowNanos).recentPrefillMillis -= active.prefillMillis * left(nowNanos - active.startNanos);
        }
        return true;
    }

    private void endPrefill(Active active, long nowNanos) {
        WorkerSums sums = slots.get(active.slot);
        active.prefilling = false;
        sums.prefillingRequests--;
        sums.prefillTokens -= active.prefillTokens;
        sums.untilPrefilledMillis =
                sums.prefillingRequests == 0 ? 0 : sums.untilPrefilledMillis - active.loadMillis - active.prefillMillis;
        sums.prefillProgressNanos = nowNanos;
    }

    /** Whether a turn is in flight and has no token yet. */
    public boolean prefilling(TurnId turn) {
        Active active = byTurn.get(turn);
        return active != null && active.prefilling;
    }

    /** Whether a turn is in flight. */
    public boolean contains(TurnId turn) {
        return byTurn.containsKey(turn);
    }

    /** Finds for each slot how many leading blocks of the prompt its turns in flight have; valid until the next call. */
    public SharedBlocks sharedBlocks(PromptBlocks prompt) {
        prefixes.shared(prompt, slots.size(), shared);
        return shared;
    }

    public int requests(int slot) {
        return slots.get(slot).requests;
    }

    public int prefillingRequests(int slot) {
        return slots.get(slot).prefillingRequests;
    }

    /** Uncached prompt tokens of the turns without a first token. */
    public long prefillTokens(int slot) {
        return slots.get(slot).prefillTokens;
    }

    /** Blocks of the turns in flight; a prompt block that several share counts once. */
    public int blocks(int slot) {
        return slots.get(slot).blocks;
    }

    /** Predicted time until the placed turns are prefilled: their sum less the time since one of them last was. */
    public double prefillMillis(int slot, long nowNanos) {
        WorkerSums sums = slots.get(slot);
        double spentMillis = (nowNanos - sums.prefillProgressNanos) / NANOS_PER_MILLI;
        return sums.prefillingRequests == 0 ? 0 : Math.max(0, sums.untilPrefilledMillis - spentMillis);
    }

    /** Recent rate of blocks filled by placed turns, an exponentially decaying average. */
    public double allocatedBlocksPerSecond(int slot, long nowNanos) {
        return fade(slots.get(slot), nowNanos).recentBlocks / rateWindowSeconds;
    }

    /**
     * Share of its recent time that a worker has to prefill this router's turns, an exponentially decaying average; above 1 when more
     * was placed than it could do.
     */
    public double prefillShare(int slot, long nowNanos) {
        double recent = Math.max(0, fade(slots.get(slot), nowNanos).recentPrefillMillis);
        return recent / (rateWindowSeconds * MILLIS_PER_SECOND);
    }

    /** Brings a worker's recent sums to the present, once for all turns that are looked at in one instant. */
    private WorkerSums fade(WorkerSums sums, long nowNanos) {
        if (nowNanos != sums.recentNanos) {
            double left = left(nowNanos - sums.recentNanos);
            sums.recentBlocks *= left;
            sums.recentPrefillMillis *= left;
            sums.recentNanos = nowNanos;
        }
        return sums;
    }

    private double left(long nanos) {
        return StrictMath.exp(-nanos / NANOS_PER_SECOND / rateWindowSeconds);
    }
}
