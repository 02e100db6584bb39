package router.retention;

import java.time.Duration;
import kv.LeaseId;

/**
 * The ledger's answer to its lease's owner: what is promised to be tried, which says nothing yet of any worker.
 *
 * <p>Thread-safety: immutable.
 */
public sealed interface LeaseAnswer {
    LeaseId lease();

    /** Whether it is less than was asked for. */
    default boolean less() {
        return !(this instanceof Granted granted) || granted.bound() != Bound.NONE;
    }

    /**
     * The lease is in the ledger.
     *
     * @param remaining from now, at most what was asked for
     */
    record Granted(LeaseId lease, Duration remaining, Bound bound) implements LeaseAnswer {}

    /** The lease is not in the ledger, or as it was before. */
    record Refused(LeaseId lease, Refusal reason) implements LeaseAnswer {}

    /** What a lease's time was cut down by. */
    enum Bound {
        NONE,
        /** No lease is longer. */
        MAX_LEASE,
        /** The tenant's quota allows no more now. */
        QUOTA
    }

    /** Why there is no lease. */
    enum Refusal {
        /** The tenant's quota is used up by leases that are worth more. */
        QUOTA,
        /** Another prefix or tenant has a lease of that id. */
        ID_TAKEN,
        /** There is no open lease of that id. */
        NO_SUCH_LEASE,
        /** No worker is known to have the prefix and none can compute it. */
        NOWHERE
    }
}
