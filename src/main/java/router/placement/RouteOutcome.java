package router.placement;

/** How a route request ended; also its metric's label. */
public enum RouteOutcome {
    PLACED,
    /** No worker serves the model. */
    UNKNOWN_MODEL,
    /** The prompt fits no worker that serves the model. */
    TOO_LONG,
    /** No worker that serves the model is ready, or all that are have refused. */
    NO_WORKER,
    /** The pending queue is full. */
    QUEUE_FULL,
    /** It waited longer than the queue allows. */
    WAITED_TOO_LONG,
    /** The turn went away while it waited. */
    CANCELLED
}
