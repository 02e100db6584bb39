package frontend;

import inference.TenantId;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoublePredicate;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How much of one thing each tenant may still use at this node: a bucket per tenant that holds a minute's worth and refills evenly.
 * What is used and not known before is taken by an estimate and settled later; by that a bucket may owe, which is paid before
 * anything is admitted again.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class MinuteRate {
    private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

    private final int perMinute;
    private final LongSupplier nanoTime;
    private final Map<TenantId, Bucket> buckets = new ConcurrentHashMap<>();

    /** @param level at most {@code perMinute}; below 0 while the tenant owes */
    private record Bucket(double level, long atNanos, boolean admitted) {}

    /**
     * Where a tenant stands.
     *
     * @param admitted whether what was asked may be used
     * @param limit most at once, and per minute
     * @param remaining how much more would be admitted now
     * @param untilNext time until as much as was asked would be admitted, zero when it would be now
     * @param untilFull time until {@code limit} would be admitted at once, if nothing is asked meanwhile
     */
    record Standing(boolean admitted, int limit, int remaining, Duration untilNext, Duration untilFull) {}

    /** @param perMinute at least 1 */
    MinuteRate(int perMinute, LongSupplier nanoTime) {
        this.perMinute = perMinute;
        this.nanoTime = nanoTime;
    }

    /** Takes an amount for a tenant, if as much is there; of more than a minute's worth, if that is. */
    Standing take(TenantId tenant, long amount) {
        long needed = Math.min(amount, perMinute);
        return standing(changed(tenant, level -> level >= needed, amount), needed);
    }

    /** Corrects what was taken to what was used. */
    void settle(TenantId tenant, long taken, long used) {
        changed(tenant, level -> true, used - taken);
    }

    /** Where a tenant stands that asks for nothing. */
    Standing standing(TenantId tenant) {
        return standing(changed(tenant, level -> true, 0), 1);
    }

    private Bucket changed(TenantId tenant, DoublePredicate admission, long amount) {
        long now = nanoTime.getAsLong();
        return buckets.compute(tenant, (name, before) -> {
            double level = refilled(before, now);
            boolean admitted = admission.test(level);
            return new Bucket(admitted ? Math.min(perMinute, level - amount) : level, now, admitted);
        });
    }

    private double refilled(@Nullable Bucket before, long now) {
        return before == null
                ? perMinute
                : Math.min(perMinute, before.level() + (now - before.atNanos()) * (double) perMinute / MINUTE_NANOS);
    }

    private Standing standing(Bucket bucket, long needed) {
        return new Standing(
                bucket.admitted(),
                perMinute,
                (int) Math.max(0, bucket.level()),
                refill(Math.max(0, needed - bucket.level())),
                refill(perMinute - bucket.level()));
    }

    private Duration refill(double amount) {
        return Duration.ofNanos((long) Math.ceil(amount * MINUTE_NANOS / perMinute));
    }
}
