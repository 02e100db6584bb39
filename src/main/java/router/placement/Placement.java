package router.placement;

import kv.Incarnation;
import kv.WorkerId;

/**
 * Choice of a worker for a turn.
 *
 * <p>Thread-safety: immutable.
 *
 * @param expectedCachedTokens prompt tokens that the index says the worker holds
 * @param queuedNanos time spent in the pending queue
 */
public record Placement(WorkerId worker, Incarnation incarnation, int expectedCachedTokens, long queuedNanos) {}
