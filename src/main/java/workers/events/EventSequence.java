package workers.events;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Order of one engine's numbered event stream: holes are filled by replay, restarts and outrun replays are told, and every
 * batch is delivered at most once, in order.
 *
 * <p>An engine numbers its batches from 0 without saying which of its lives it is in. A live number that is not above the
 * last live one therefore means a restart. A replay starts at a number and ends with the newest batch the engine keeps;
 * when its first batch is beyond the number asked for, the rest is lost for good.
 *
 * <ul>
 *   <li>I1: between two {@link Consequences#startOver} calls the delivered numbers rise by exactly 1.
 *   <li>I2: at most {@code maxPending} batches wait for a replay.
 * </ul>
 *
 * <p>Mutable, not thread safe.
 *
 * @param <B> a batch
 */
public final class EventSequence<B> {
    private static final int MAX_ATTEMPTS = 3;
    private static final long NONE = -1;

    private final Consequences<B> then;
    private final boolean replayable;
    private final int maxPending;
    private final TreeMap<Long, B> pending = new TreeMap<>();
    private long expected;
    private boolean complete = true;
    private long lastLive = NONE;
    private long replayFrom = NONE;
    private boolean askedForHole;
    private int replays;

    /** What follows from an arrival; called in order. */
    public interface Consequences<B> {
        /** The next batch in order. */
        void deliver(B batch);

        /** All that was delivered is void: the state behind it is gone or unknown. */
        void startOver(Reason reason);

        /** Ask for a replay; answers to an older one are void. */
        void replay(long from);
    }

    /** Why everything starts over. */
    public enum Reason {
        /** The engine started anew. */
        RESTARTED,
        /** Batches are lost and the engine no longer keeps them. */
        OUTRUN,
        /** The owner of the stream wants it. */
        REQUESTED
    }

    /**
     * @param replayable whether the engine can replay
     * @param maxPending most batches to keep while a replay is on its way
     */
    public EventSequence(Consequences<B> then, boolean replayable, int maxPending) {
        this.then = then;
        this.replayable = replayable;
        this.maxPending = maxPending;
    }

    /** Begins with all that the engine still keeps. */
    public void start() {
        askReplay();
    }

    /** Forgets everything and begins again. */
    public void restart() {
        reset(Reason.REQUESTED);
        askReplay();
    }

    /** A batch of the live stream arrived. */
    public void live(long number, B batch) {
        boolean restarted = number <= lastLive;
        if (restarted) {
            reset(Reason.RESTARTED);
        }
        lastLive = number;
        if (number < expected) {
            return;
        }
        if (number == expected && replayFrom == NONE) {
            deliver(batch);
        } else {
            pending.put(number, batch);
            if (pending.size() > maxPending) {
                skipToPending();
            } else if (replayFrom == NONE) {
                askReplay();
            }
        }
    }

    /** A batch of the replay in progress arrived. */
    public void replayed(long number, B batch) {
        if (replayFrom == NONE || number < expected) {
            return;
        }
        if (number > expected) {
            // The engine keeps less than was asked for, or dropped a part of its answer: the rest cannot be had.
            if (expected > 0) {
                then.startOver(Reason.OUTRUN);
            }
            expected = number;
            complete = false;
        }
        deliver(batch);
    }

    /** The replay in progress is complete. */
    public void replayEnded() {
        if (replayFrom == NONE) {
            return;
        }
        // Batches missing now were published after the engine had answered, unless it was asked for them in vain.
        boolean inVain = askedForHole && expected == replayFrom;
        replayFrom = NONE;
        replays = 0;
        drainPending();
        if (inVain) {
            skipToPending();
        } else if (!pending.isEmpty()) {
            askReplay();
        }
    }

    /** The replay in progress never came or broke off. */
    public void replayFailed() {
        if (replayFrom == NONE) {
            return;
        }
        replayFrom = NONE;
        if (replays < MAX_ATTEMPTS) {
            askReplay();
        } else {
            skipToPending();
        }
    }

    /** Checks a silent stream for batches whose loss no later batch has shown yet. */
    public void check() {
        if (replayFrom == NONE && replayable) {
            askReplay();
        }
    }

    /** Whether a replay is on its way, so that more is known to be missing than is told. */
    public boolean replaying() {
        return replayFrom != NONE;
    }

    /** Whether everything since the engine's first batch was delivered. */
    public boolean complete() {
        return complete;
    }

    private void askReplay() {
        if (!replayable) {
            skipToPending();
            return;
        }
        replays++;
        replayFrom = expected;
        askedForHole = !pending.isEmpty();
        then.replay(expected);
    }

    private void deliver(B batch) {
        expected++;
        then.deliver(batch);
    }

    private void drainPending() {
        pending.headMap(expected).clear();
        for (B next = pending.remove(expected); next != null; next = pending.remove(expected)) {
            deliver(next);
        }
    }

    /** Gives up what is before the first pending batch. */
    private void skipToPending() {
        replayFrom = NONE;
        replays = 0;
        @Nullable Long first = pending.isEmpty() ? null : pending.firstKey();
        if (first != null && first > expected) {
            if (expected > 0) {
                then.startOver(Reason.OUTRUN);
            }
            expected = first;
            complete = false;
        }
        drainPending();
        if (!pending.isEmpty()) {
            askReplay();
        }
    }

    private void reset(Reason reason) {
        pending.clear();
        expected = 0;
        complete = true;
        lastLive = NONE;
        replayFrom = NONE;
        replays = 0;
        then.startOver(reason);
    }
}
