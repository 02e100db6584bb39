package workers.status;

/**
 * Load of a worker at one instant, as the worker itself knows it from its engine and its admissions.
 *
 * <p>Thread-safety: immutable.
 *
 * @param runningRequests requests with at least one computed token
 * @param waitingRequests admitted requests the engine has not started
 * @param deviceBlocksUsed blocks of running requests, not reclaimable
 * @param deviceBlocksCached blocks kept for reuse only
 * @param deviceBlocksHeld blocks that holds protect, used or cached, shared ones once
 * @param deviceBlocksTotal capacity
 * @param seatsTaken seats with a turn or a conversation in them, in an engine of private slots; else 0
 */
public record WorkerLoad(
        int runningRequests,
        int waitingRequests,
        int deviceBlocksUsed,
        int deviceBlocksCached,
        int deviceBlocksHeld,
        int deviceBlocksTotal,
        int seatsTaken) {

    /** Nothing runs, nothing is cached. */
    public static WorkerLoad idle(int deviceBlocksTotal) {
        return new WorkerLoad(0, 0, 0, 0, 0, deviceBlocksTotal, 0);
    }

    public int requests() {
        return runningRequests + waitingRequests;
    }
}
