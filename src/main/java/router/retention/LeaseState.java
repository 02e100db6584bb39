package router.retention;

/**
 * Life of a lease. A state is never stored: it follows from what workers acknowledged, from what ended since, and from how
 * the lease ended.
 */
public enum LeaseState {
    /**
     * No worker has answered yet, or failed to by starting anew or going away.
     *
     * <p>Action: asks its home, again and again until answered.<br>
     * Transition: acknowledged copies reach the minimum => HELD; any other answer => DEGRADED; as below for ends.
     */
    REQUESTED,

    /**
     * At least as many copies are acknowledged as the lease asks for: holds of the whole prefix on different workers, and stored
     * copies.
     *
     * <p>Action: renews holds that were granted for shorter.<br>
     * Transition: a hold ends or is void => DEGRADED; as below for ends.
     */
    HELD,

    /**
     * Fewer copies than asked for.
     *
     * <p>Action: repairs: another holder, a stored copy, or warming another worker; says which blocks are out of reach.<br>
     * Transition: copies reach the minimum => HELD; nothing is left and nothing can bring it back => LOST; its last hold was
     * revoked by the worker => REVOKED; as below for ends.
     */
    DEGRADED,

    /** Over at its deadline, plus the bound on clock skew: by then every worker has ended its hold alone. */
    EXPIRED,

    /** Its owner wants it no longer. */
    RELEASED,

    /** Taken from its owner: by an operator, by a worker for something denser or under pressure, or for its tenant's quota. */
    REVOKED,

    /** Out of reach for good, with the blocks named. */
    LOST;

    /** Whether the lease still promises anything. */
    public boolean open() {
        return this == REQUESTED || this == HELD || this == DEGRADED;
    }
}
