package workers.holds;

/** Why a worker no longer keeps all that it acknowledged. */
public enum HoldEnd {
    /** Its deadline came. */
    EXPIRED,
    /** The budget was needed for something worth more per byte and second. */
    REVOKED_FOR_DENSER,
    /** Running turns needed the memory, or the budget shrank. */
    REVOKED_UNDER_PRESSURE,
    /** The engine dropped blocks of it. */
    EVICTED,
    /** The engine's cache started over, or what is known of it did. */
    INCARNATION_OVER
}
