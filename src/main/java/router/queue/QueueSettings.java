package router.queue;

import java.time.Duration;

/**
 * The pending queue's limits.
 *
 * <p>Thread-safety: immutable.
 *
 * @param slackSecondsPerToken under EDF, how much later the deadline is per uncached prompt token
 * @param maxWaiting turns that may wait; more are refused at once
 * @param maxWait longest wait before a turn is refused
 * @param refreshAfter age at which a key that depends on overlap is computed anew
 */
public record QueueSettings(
        QueuePolicy policy, double slackSecondsPerToken, int maxWaiting, Duration maxWait, Duration refreshAfter) {
    public QueueSettings {
        if (!(slackSecondsPerToken >= 0) || maxWaiting < 0 || maxWait.isNegative() || refreshAfter.isNegative()) {
            throw new IllegalArgumentException("queue settings are negative: " + slackSecondsPerToken + ", "
                    + maxWaiting + ", " + maxWait + ", " + refreshAfter);
        }
    }

    /** The same order without limits. */
    public QueueSettings unlimited() {
        return new QueueSettings(
                policy, slackSecondsPerToken, Integer.MAX_VALUE, Duration.ofNanos(Long.MAX_VALUE), refreshAfter);
    }
}
