package router.placement;

import inference.TurnId;

/**
 * A turn that has left the pending queue.
 *
 * <p>Thread-safety: immutable.
 *
 * @param decision never {@link Decision.Queued}
 */
public record Resolved(TurnId turn, Decision decision) {}
