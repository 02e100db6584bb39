package router.placement;

import inference.TurnId;
import java.time.Duration;
import kv.WorkerId;
import workers.status.EngineFacts;

/**
 * Decides which sessions may go on: the port of a retention policy that the router owns. With more sessions than engines have
 * room for, running a few at a time from one tool call to the next keeps their contexts, running all of them keeps none.
 *
 * <p>A turn that is not admitted to any worker waits in the pending queue, in its order. Sessions are paused between turns,
 * never during one. The router tells what its own turns do; whatever changes what is admitted must come with one of these
 * calls, because the queue is looked at after each, and else only once a second.
 *
 * <p>Thread-safety: confined to its router.
 */
public interface PausePolicy {
    /** Pauses nobody. */
    PausePolicy NONE = (turn, room, waited, nowNanos) -> true;

    /**
     * Room for a turn on a worker, in KV blocks.
     *
     * @param usedBlocks used by turns in flight, by the larger of the router's and the worker's account
     * @param newBlocks what the turn's prompt would add to them, cached or not
     */
    record Room(WorkerId worker, EngineFacts facts, int usedBlocks, int newBlocks) {}

    /**
     * Whether a turn may run on a worker now. Changes nothing. More blocks in use never make it so.
     *
     * @param waited since the turn arrived
     */
    boolean admits(RouteRequest turn, Room room, Duration waited, long nowNanos);

    /** A turn arrived, or is routed anew. */
    default void arrived(RouteRequest turn, long nowNanos) {}

    /** When a turn counts as arrived in the order of the queue. Changes nothing. */
    default long orderNanos(RouteRequest turn, long arrivalNanos) {
        return arrivalNanos;
    }

    /** Blocks of a worker that are kept free for sessions which are away, those of the turn's prompt left out. Changes nothing. */
    default int claimedBlocks(RouteRequest turn, WorkerId worker) {
        return 0;
    }

    /** Whether memory of a worker is kept free for this turn's session. Changes nothing. */
    default boolean expects(RouteRequest turn, WorkerId worker) {
        return false;
    }

    /** A turn was placed where there was so much room. */
    default void placed(RouteRequest turn, Room room, long nowNanos) {}

    /**
     * A turn is over, moves or gives up waiting.
     *
     * @param callsTools whether it is over and its session comes back when its tools are done
     */
    default void ended(TurnId turn, boolean callsTools, long nowNanos) {}

    /** Time has passed; whether more may be admitted for it. */
    default boolean tick(long nowNanos) {
        return false;
    }
}
