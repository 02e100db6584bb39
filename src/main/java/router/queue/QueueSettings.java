package router.queue;

import java.time.Duration;

/**
 * The pending queue's limits.
 *
 * <p>Thread-safety: immutable.
 *
 * @param maxWaiting turns that may wait; more are refused at once
 * @param maxWait longest wait before a turn is refused
 * @param refreshAfter age at which a key that depends on overlap is computed anew
 */
public record QueueSettings(QueuePolicy policy, int maxWaiting, Duration maxWait, Duration refreshAfter) {
    public QueueSettings {
        if (maxWaiting < 0 || maxWait.isNegative() || refreshAfter.isNegative()) {
            throw new IllegalArgumentException(
                    "queue settings are negative: " + maxWaiting + ", " + maxWait + ", " + refreshAfter);
        }
    }
}
