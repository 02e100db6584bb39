package router.queue;

/**
 * Order of turns of equal strict priority in the pending queue; the greatest key goes first. Re-implemented from the
 * published router's policies (ai-dynamo/dynamo, {@code lib/kv-router/src/scheduling/policy.rs} at 01690d42).
 */
public enum QueuePolicy {
    /** First come, first served, each unit of priority worth a second: best for the tail of TTFT. */
    FCFS,
    /** Weighted shortest processing time: most priority per uncached token, best for the mean of TTFT. */
    WSPT,
    /** Last come, first served: for experiments. */
    LCFS;

    private static final double NANOS_PER_SECOND = 1e9;

    /**
     * Key of a turn.
     *
     * @param uncachedTokens prompt tokens that the best worker for it would have to prefill
     */
    public double key(int priority, long arrivalNanos, int uncachedTokens) {
        double boost = Math.max(0, priority);
        double arrivalSeconds = arrivalNanos / NANOS_PER_SECOND;
        return switch (this) {
            case FCFS -> boost - arrivalSeconds;
            case WSPT -> (1 + boost) / Math.max(1, uncachedTokens);
            case LCFS -> boost + arrivalSeconds;
        };
    }
}
