package kv;

import java.time.Duration;

/**
 * What a lease asks one worker to keep, and for how long.
 *
 * <p>No absolute time: {@code remaining} counts on the worker's monotonic clock from the command's arrival, so that a skewed
 * or silent peer cannot make a hold overstay.
 *
 * <p>Thread-safety: immutable.
 *
 * @param epoch of the lease's keeper
 * @param priority 0 to 100; of one density, higher yields later
 * @param density what keeping the prefix is worth per byte and second, in milliseconds of prefill per MiB and second; the
 *     least dense hold yields first
 * @param remaining above zero
 */
public record Hold(
        LeaseId lease,
        Epoch epoch,
        Prefix prefix,
        RetentionClass retentionClass,
        KvTier tier,
        int priority,
        double density,
        Duration remaining) {
    public Hold {
        if (priority < 0 || priority > 100) {
            throw new IllegalArgumentException("a hold's priority is 0 to 100, got " + priority);
        }
        if (remaining.isNegative() || remaining.isZero()) {
            throw new IllegalArgumentException("a hold remains for some time, got " + remaining);
        }
    }

    /** The same for another time. */
    public Hold lasting(Duration time) {
        return new Hold(lease, epoch, prefix, retentionClass, tier, priority, density, time);
    }
}
