package router.retention;

/** Why a lease ended, and in which state that leaves it. */
public enum EndReason {
    DEADLINE(LeaseState.EXPIRED),
    /** Its session released it: the prefix was superseded or the turn that needed it is over. */
    OWNER(LeaseState.RELEASED),
    /** Its session or the session's root is closed. */
    SESSION_OVER(LeaseState.RELEASED),
    OPERATOR(LeaseState.REVOKED),
    /** Its last holder gave the room to something else. */
    WORKER(LeaseState.REVOKED),
    /** A denser lease of its tenant needed its share of the quota. */
    QUOTA(LeaseState.REVOKED),
    /** No copy is left and none can be made. */
    NOTHING_LEFT(LeaseState.LOST);

    private final LeaseState state;

    EndReason(LeaseState state) {
        this.state = state;
    }

    public LeaseState state() {
        return state;
    }
}
