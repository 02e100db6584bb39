package kv;

import java.time.Duration;
import java.util.List;

/**
 * What a lease asks one worker to keep, and for how long.
 *
 * <p>No absolute time: {@code remaining} counts on the worker's monotonic clock from the command's arrival, so that a skewed
 * or silent peer cannot make a hold overstay.
 *
 * <p>Thread-safety: immutable.
 *
 * @param epoch of the lease's keeper
 * @param tiers where it may lie, at least one: it is asked for in the first, and kept in no other than these
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
        List<KvTier> tiers,
        int priority,
        double density,
        Duration remaining) {
    public Hold {
        tiers = List.copyOf(tiers);
        if (tiers.isEmpty()) {
            throw new IllegalArgumentException("a hold lies somewhere, but no tier is allowed");
        }
        if (priority < 0 || priority > 100) {
            throw new IllegalArgumentException("a hold's priority is 0 to 100, got " + priority);
        }
        if (remaining.isNegative() || remaining.isZero()) {
            throw new IllegalArgumentException("a hold remains for some time, got " + remaining);
        }
    }

    /** A hold in one tier and nowhere else. */
    public Hold(
            LeaseId lease,
            Epoch epoch,
            Prefix prefix,
            RetentionClass retentionClass,
            KvTier tier,
            int priority,
            double density,
            Duration remaining) {
        this(lease, epoch, prefix, retentionClass, List.of(tier), priority, density, remaining);
    }

    /** Where it is wanted. */
    public KvTier tier() {
        return tiers.get(0);
    }

    /** Whether it may lie in a tier where it is not wanted, rather than nowhere. */
    public boolean mayLieInstead(KvTier other) {
        return tiers.contains(other) && other != tier();
    }

    /** The same in one tier and nowhere else. */
    public Hold in(KvTier tier) {
        return new Hold(lease, epoch, prefix, retentionClass, tier, priority, density, remaining);
    }

    /** The same for another time. */
    public Hold lasting(Duration time) {
        return new Hold(lease, epoch, prefix, retentionClass, tiers, priority, density, time);
    }
}
