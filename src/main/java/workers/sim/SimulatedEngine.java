package workers.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    private final Map<String, Sequence> sequences = new HashMap<>();
    private final List<Sequence> finished = new ArrayList<>();
    private long submitted;

    /** @param timing what a pass costs */
    public SimulatedEngine(SimSettings settings, TimingModel timing, SimListener listener) {
        this.settings = settings;
        this.listener = listener;
        this.pool = new BlockPool(settings.deviceBlocks(), changes);
        this.scheduler = new Scheduler(settings, timing, pool, changes);
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
     * Covers the leading blocks of a prefix that are matchable now: they are evicted only when no other cached block is left,
     * the least dense hold's first. Requests run as if there were no holds. A block that is evicted and computed again is
     * not covered again.
     *
     * @return how many blocks it covers; with 0 there is no hold
     */
    public int hold(SimHold hold, double nowMillis) {
        pool.holds().expire(nowMillis);
        return pool.holds().hold(hold);
    }

    /** Ends a {@link #hold}; false when there is none. */
    public boolean release(String hold) {
        return pool.holds().release(hold);
    }

    /** Ends every {@link #hold}. */
    public void releaseAll() {
        pool.holds().releaseAll();
    }

    /** Whether nothing runs or waits. */
    public boolean idle() {
        return sequences.isEmpty();
    }

    /** Whether a pass would do nothing: idle, or everything paused or waiting for what the paused hold. */
    public boolean stalled() {
        return scheduler.stalled();
    }

    /**
     * Runs one pass and tells the listener what came of it, at the time the pass ends.
     *
     * @return duration of the pass in milliseconds; 0 when there was nothing to do
     */
    public double step(double nowMillis) {
        pool.holds().expire(nowMillis);
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
        int alike = scheduler.passesAlike();
        if (alike < 2) {
            return nowMillis + step(nowMillis);
        }
        double interval = scheduler.decodeMillis();
        double first = nowMillis + interval;
        double end = first;
        int passes = 1;
        while (passes < alike && end < untilMillis) {
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

    private void emit(Sequence sequence, double end) {
        sequence.produced++;
        if (sequence.produced == 1) {
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

    /** The pool, for checks of its invariants. */
    BlockPool pool() {
        return pool;
    }

    /** The running requests, for checks of their blocks. */
    List<Sequence> running() {
        return scheduler.running();
    }
}
