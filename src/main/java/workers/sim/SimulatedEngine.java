package workers.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kv.KvTier;
import org.jspecify.annotations.Nullable;
import workers.status.TimingModel;
import workers.status.WorkerLoad;

/**
 * An inference engine in virtual time: requests go in, tokens and block changes come out, pass by pass.
 *
 * <p>The caller owns the clock. While the engine is not {@link #stalled}, it calls {@link #step} or {@link #advance} with
 * the time, and again when the pass it got is over; requests that arrive during a pass are submitted at its end.
 *
 * <p>Deterministic: same calls, same results. Invariants: each request ends once; I1 to I4 of the block pool; after a
 * pass, {@code advance} has told exactly what as many calls of {@code step} would have.
 *
 * <p>Thread-safety: none.
 */
public final class SimulatedEngine {
    private final SimSettings settings;
    private final SimListener listener;
    private final KvChanges changes = new KvChanges();
    private final BlockPool pool;
    private final Scheduler scheduler;
    /** Null in an engine that has a device and nothing else. */
    private final @Nullable TierMoves tiers;

    private final Map<String, Sequence> sequences = new HashMap<>();
    private final List<Sequence> finished = new ArrayList<>();
    private long submitted;

    /**
     * An engine with a device and nothing else.
     *
     * @param timing what a pass costs
     */
    public SimulatedEngine(SimSettings settings, TimingModel timing, SimListener listener) {
        this.settings = settings;
        this.listener = listener;
        this.pool = new BlockPool(settings.deviceBlocks(), this::evicted);
        this.scheduler = new Scheduler(settings, timing, pool, changes);
        this.tiers = null;
    }

    /**
     * An engine with more memory than its device's and a network.
     *
     * @param timing what a pass costs
     * @param fabric what it shares with other engines
     */
    public SimulatedEngine(
            SimSettings settings, TimingModel timing, SimTiers tiers, SimFabric fabric, SimListener listener) {
        this.settings = settings;
        this.listener = listener;
        this.pool = new BlockPool(settings.deviceBlocks(), this::evicted);
        this.scheduler = new Scheduler(settings, timing, pool, changes);
        Memory memory = new Memory(pool, changes, settings.blockSizeTokens(), tiers, fabric);
        this.tiers = new TierMoves(memory, tiers.writeBack(), scheduler);
    }

    /** Queues a request, or rejects it if it could never run. Its id must not be in the engine. */
    public void submit(SimRequest request, double nowMillis) {
        long tokens = (long) request.inputTokens() + request.outputTokens();
        // The KV of the last output token is never computed.
        if (tokens > settings.contextTokens() || tokens - 1 > settings.capacityTokens()) {
            listener.onRejected(request.id(), SimListener.Rejection.CONTEXT_LENGTH_EXCEEDED, nowMillis);
            return;
        }
        Sequence sequence = new Sequence(request, submitted++, settings.blocksFor((int) (tokens - 1)));
        if (sequences.putIfAbsent(request.id(), sequence) != null) {
            throw new IllegalArgumentException("request " + request.id() + " is already in the engine");
        }
        scheduler.enqueue(sequence);
    }

    /**
     * Takes a request out and frees its blocks at once; nothing more is told of it.
     *
     * @return whether it was there
     */
    public boolean cancel(String id) {
        Sequence sequence = sequences.remove(id);
        if (sequence == null) {
            return false;
        }
        scheduler.remove(sequence);
        return true;
    }

    /** Stops a request's decoding until {@link #resume}; it keeps slot and blocks. Preemption may cost it one more token. */
    public void pause(String id) {
        Sequence sequence = sequences.get(id);
        if (sequence != null) {
            sequence.paused = true;
        }
    }

    /** Ends a {@link #pause}. */
    public void resume(String id) {
        Sequence sequence = sequences.get(id);
        if (sequence != null) {
            sequence.paused = false;
        }
    }

    /**
     * Covers the leading blocks of a prefix that are in the hold's tier now, or on their way there: they are evicted only when
     * no other cached block is left, the least dense hold's first. Requests run as if there were no holds. A block that is
     * evicted and comes again is not covered again. An earlier hold of that name ends, in whatever tier.
     *
     * @return how many blocks it covers; with 0 there is no hold
     */
    public int hold(SimHold hold, double nowMillis) {
        settle(nowMillis);
        release(hold.id());
        BlockPool where = pool(hold.tier());
        return where == null ? 0 : where.holds().hold(hold);
    }

    /** Whether a request that begins with the chain up to this hash would find its block in a tier. */
    public boolean matchable(long hash, KvTier tier) {
        BlockPool where = pool(tier);
        return where != null && where.holds(hash);
    }

    /** Ends a {@link #hold}; false when there is none. */
    public boolean release(String hold) {
        boolean released = false;
        for (KvTier tier : KvTier.values()) {
            BlockPool where = pool(tier);
            released |= where != null && where.holds().release(hold);
        }
        return released;
    }

    /** Ends every {@link #hold}. */
    public void releaseAll() {
        for (KvTier tier : KvTier.values()) {
            BlockPool where = pool(tier);
            if (where != null) {
                where.holds().releaseAll();
            }
        }
    }

    /**
     * Copies the leading blocks of a prefix to a colder tier, from whatever hotter ones have them. When the copy is complete,
     * the device drops those that no request uses, no hold covers and no other prefix continues.
     *
     * @return how many leading blocks are in that tier now, or on their way there; 0 without such a tier
     */
    public int demote(long[] chain, KvTier to, double nowMillis) {
        settle(nowMillis);
        return tell(tiers == null ? 0 : tiers.demote(chain, to), nowMillis);
    }

    /**
     * Brings a prefix to the device from the colder tiers, evicting others.
     *
     * @return how many leading blocks are on the device now, or on their way there
     */
    public int prefetch(long[] chain, double nowMillis) {
        settle(nowMillis);
        return tell(
                tiers == null ? pool.match(chain, chain.length, new int[chain.length]) : tiers.prefetch(chain),
                nowMillis);
    }

    /**
     * Copies what the device lacks of a prefix from another engine of its fabric. What is read is what that engine has now, in
     * any tier: it may evict its own meanwhile.
     *
     * @param id names the pull; an earlier one of that name is given up
     * @return how many leading blocks are on the device now, or on their way there; 0 when nothing was begun
     */
    public int pull(String id, long[] chain, SimulatedEngine from, double nowMillis) {
        settle(nowMillis);
        if (tiers == null || from.tiers == null) {
            return 0;
        }
        long[] there = Arrays.copyOf(chain, from.tiers.resident(chain));
        return tell(tiers.pull(id, there, from.tiers.memory(), () -> {}), nowMillis);
    }

    /**
     * Copies what the device lacks of a prefix from an engine beyond the fabric, which has all of it: only this engine's own
     * link is shared.
     *
     * @param ended called when the blocks are there, and when they are given up; not when 0 is returned
     * @return as for {@link #pull(String, long[], SimulatedEngine, double)}
     */
    public int pull(String id, long[] chain, Runnable ended, double nowMillis) {
        settle(nowMillis);
        return tell(tiers == null ? 0 : tiers.pull(id, chain, null, ended), nowMillis);
    }

    /** Gives up a pull: its source is gone. Requests that wait for it compute instead. What is on the links ends as it would. */
    public void abortPull(String id, double nowMillis) {
        settle(nowMillis);
        if (tiers != null) {
            tiers.abortPull(id);
        }
    }

    /**
     * Sends blocks to an engine beyond the fabric, over this one's own link.
     *
     * @param blocks at least 1
     * @param sent called by the {@link #settle} or pass that comes to the end of it
     */
    public void send(int blocks, Runnable sent, double nowMillis) {
        settle(nowMillis);
        if (tiers == null) {
            throw new IllegalStateException("an engine without a network sends nothing");
        }
        tiers.send(blocks, sent);
    }

    /** How many leading blocks of a prefix this engine has, in any tier. */
    public int resident(long[] chain) {
        return tiers == null ? pool.match(chain, chain.length, new int[chain.length]) : tiers.resident(chain);
    }

    /**
     * Brings the engine up to a time between passes: tells of transfers that ended. While the engine is {@link #stalled} its
     * caller does so at {@link #nextArrivalMillis}; passes do it when they begin.
     */
    public void settle(double nowMillis) {
        pool.holds().expire(nowMillis);
        if (tiers != null) {
            tiers.settle(nowMillis);
            changes.tell(listener, nowMillis);
        }
    }

    /** When to {@link #settle} next, to be asked again after that; infinity while nothing is under way. */
    public double nextArrivalMillis() {
        return tiers == null ? Double.POSITIVE_INFINITY : tiers.nextArrivalMillis();
    }

    /** Whether nothing runs or waits. */
    public boolean idle() {
        return sequences.isEmpty();
    }

    /** Whether a pass would do nothing: idle, or everything paused, waiting for what the paused hold, or for blocks to arrive. */
    public boolean stalled() {
        return scheduler.stalled();
    }

    /**
     * Runs one pass and tells the listener what came of it, at the time the pass ends.
     *
     * @return duration of the pass in milliseconds; 0 when there was nothing to do
     */
    public double step(double nowMillis) {
        settle(nowMillis);
        Scheduler.Pass pass = scheduler.pass();
        double end = nowMillis + pass.durationMillis();
        changes.tell(listener, end);
        for (Sequence victim : pass.preempted()) {
            listener.onPreempted(victim.request.id(), end);
        }
        for (Sequence sequence : scheduler.running()) {
            if (sequence.emits) {
                sequence.emits = false;
                emit(sequence, end);
            }
        }
        retireFinished(end);
        return pass.durationMillis();
    }

    /**
     * Runs at least one pass, and as many more as start before {@code untilMillis} and are all alike: the same requests
     * decode, none ends, no block is taken or filled. Tells the listener exactly what single steps would have told.
     *
     * @param untilMillis when the caller may next change something
     * @return when the last pass ended, in milliseconds; to be used as the next {@code nowMillis}
     */
    public double advance(double nowMillis, double untilMillis) {
        settle(nowMillis);
        int alike = scheduler.passesAlike();
        if (alike < 2) {
            return nowMillis + step(nowMillis);
        }
        double until = Math.min(untilMillis, nextArrivalMillis());
        double interval = scheduler.decodeMillis();
        double first = nowMillis + interval;
        double end = first;
        int passes = 1;
        while (passes < alike && end < until) {
            end += interval;
            passes++;
        }
        for (Sequence sequence : scheduler.running()) {
            if (!sequence.paused) {
                sequence.computed += passes;
                sequence.produced += passes;
                listener.onTokens(sequence.request.id(), passes, first, interval);
            }
        }
        return end;
    }

    /** What runs, waits and is held now. */
    public WorkerLoad load() {
        int running = scheduler.running().size();
        return new WorkerLoad(
                running,
                sequences.size() - running,
                pool.used(),
                pool.cached(),
                pool.holds().blocks(),
                settings.deviceBlocks(),
                0);
    }

    private int tell(int blocks, double nowMillis) {
        changes.tell(listener, nowMillis);
        return blocks;
    }

    private void evicted(int block, long hash) {
        changes.evicted(hash, pool.parentHash(block));
    }

    @Nullable
    BlockPool pool(KvTier tier) {
        if (tier == KvTier.DEVICE) {
            return pool;
        }
        return tiers == null ? null : tiers.pool(tier);
    }

    private void emit(Sequence sequence, double end) {
        sequence.produced++;
        if (sequence.produced == 1) {
            if (sequence.remoteBlocks > 0) {
                listener.onRemoteLoaded(sequence.request.id(), sequence.remoteBlocks, end);
            }
            listener.onFirstToken(sequence.request.id(), sequence.cachedTokens, end);
        } else {
            listener.onTokens(sequence.request.id(), 1, end, 0);
        }
        if (sequence.remainingOutput() == 0) {
            finished.add(sequence);
        }
    }

    private void retireFinished(double end) {
        for (Sequence sequence : finished) {
            sequences.remove(sequence.request.id());
            scheduler.remove(sequence);
            listener.onFinished(sequence.request.id(), end);
        }
        finished.clear();
    }

    /** Blocks in a tier, those on their way there included. */
    public int blocks(KvTier tier) {
        if (tier == KvTier.DEVICE) {
            return pool.used() + pool.cached();
        }
        return tiers == null ? 0 : tiers.blocks(tier);
    }

    /** Blocks of a tier that holds cover. */
    public int held(KvTier tier) {
        BlockPool where = pool(tier);
        return where == null ? 0 : where.holds().blocks();
    }

    /** The device's pool, for checks of its invariants. */
    BlockPool pool() {
        return pool;
    }

    /** The running requests, for checks of their blocks. */
    List<Sequence> running() {
        return scheduler.running();
    }
}
