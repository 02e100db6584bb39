package router.retention;

import kv.Incarnation;
import kv.WorkerId;

/**
 * A worker that acknowledged a hold, in the life in which it did.
 *
 * <p>Thread-safety: immutable.
 *
 * @param blocks leading blocks of the lease's prefix that it keeps, at least 1
 */
public record Holder(WorkerId worker, Incarnation incarnation, int blocks) {}
