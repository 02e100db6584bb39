package router.retention;

/** What was observed of something a worker had acknowledged, or was asked for: why it counts no longer. */
public enum Loss {
    /** The time granted by the worker is over. */
    EXPIRED,
    /** The worker gave the room to a denser hold. */
    REVOKED_FOR_DENSER,
    /** The worker gave the room to a running request. */
    REVOKED_UNDER_PRESSURE,
    /** The engine threw the blocks out all the same. */
    EVICTED,
    /** The engine or its worker started anew. */
    INCARNATION_OVER,
    /** It is kept elsewhere instead: its worker drains. */
    MOVED,
    /** The worker is gone or does not reach its engine. */
    UNREACHABLE;

    boolean revoked() {
        return this == REVOKED_FOR_DENSER || this == REVOKED_UNDER_PRESSURE;
    }
}
