package router.placement;

import inference.PlacementReason;
import kv.Incarnation;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * Choice of a worker for a turn.
 *
 * <p>Thread-safety: immutable.
 *
 * @param expectedCachedTokens prompt tokens that the index says the worker holds
 * @param source copy to load there first, which goes beyond those tokens; null for none
 * @param pullFrom worker whose engine has more of the prompt, to be taken from there; null for none
 * @param queuedNanos time spent in the pending queue
 */
public record Placement(
        WorkerId worker,
        Incarnation incarnation,
        int expectedCachedTokens,
        @Nullable StoredCopy source,
        @Nullable WorkerId pullFrom,
        PlacementReason reason,
        long queuedNanos) {}
