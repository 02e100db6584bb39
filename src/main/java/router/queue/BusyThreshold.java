package router.queue;

import workers.status.EngineFacts;

/**
 * Load above which a worker takes no further turn until one of its own makes progress.
 *
 * <p>Limits are checked before a turn is added, so one turn may overshoot them: a worker without any turn is never busy.
 *
 * <p>Thread-safety: immutable.
 *
 * @param prefillFactor prefill tokens in flight above this multiple of the worker's batch budget; infinite turns it off
 * @param residentShare blocks in use, the turn's own included, above this share of the device's; infinite turns it off
 */
public record BusyThreshold(double prefillFactor, double residentShare) {
    public BusyThreshold {
        if (!(prefillFactor >= 0 && residentShare > 0)) {
            throw new IllegalArgumentException(
                    "busy threshold is out of range: " + prefillFactor + ", " + residentShare);
        }
    }

    /**
     * Whether a worker is busy.
     *
     * @param requests turns in flight there
     * @param prefillTokens uncached prompt tokens in flight there
     * @param residentBlocks blocks in use there with the turn's own
     */
    public boolean busy(EngineFacts facts, int requests, long prefillTokens, int residentBlocks) {
        return requests > 0
                && (requests >= facts.maxSequences()
                        || prefillTokens > prefillFactor * facts.maxBatchedTokens()
                        || residentBlocks > residentShare * facts.deviceBlocks());
    }
}
