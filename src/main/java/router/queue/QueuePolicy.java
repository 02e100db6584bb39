package router.queue;

/**
 * Order of turns of equal strict priority in the pending queue; the greatest key goes first. FCFS, WSPT and LCFS are
 * re-implemented from a published router (ai-dynamo/dynamo, {@code lib/kv-router/src/scheduling/policy.rs} at 01690d42).
 */
public enum QueuePolicy {
    /** First come, first served, each unit of priority worth a second: best for the tail of TTFT. */
    FCFS,
    /** Weighted shortest processing time: most priority per uncached token, best for the mean of TTFT. */
    WSPT,
    /**
     * Earliest deadline first, the deadline being arrival plus a slack in proportion to uncached work, and a second sooner
     * per unit of priority. Turns whose context is still cached go before it is evicted, as under WSPT, but none starves: no
     * turn is overtaken by one that came later than its own slack.
     */
    EDF,
    /** Last come, first served: for experiments. */
    LCFS;

    private static final double NANOS_PER_SECOND = 1e9;

    /**
     * Key of a turn.
     *
     * @param uncachedTokens prompt tokens that the best worker for it would have to prefill
     * @param slackSecondsPerToken deadline per uncached token, for {@link #EDF}
     */
    public double key(int priority, long arrivalNanos, int uncachedTokens, double slackSecondsPerToken) {
        double boost = Math.max(0, priority);
        double arrivalSeconds = arrivalNanos / NANOS_PER_SECOND;
        return switch (this) {
            case FCFS -> boost - arrivalSeconds;
            case WSPT -> (1 + boost) / Math.max(1, uncachedTokens);
            case EDF -> boost - arrivalSeconds - slackSecondsPerToken * uncachedTokens;
            case LCFS -> boost + arrivalSeconds;
        };
    }

    /** Whether a turn's key depends on what workers hold. */
    boolean dependsOnOverlap() {
        return this == WSPT || this == EDF;
    }
}
