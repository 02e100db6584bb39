package frontend;

import inference.TenantId;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How many model requests each tenant may still make at this node: a token bucket per tenant that holds a minute's worth and
 * refills evenly. What one request asks for plays no part: how much work is admitted is the routers' to decide.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class RequestRates {
    private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

    private final int perMinute;
    private final LongSupplier nanoTime;
    private final Map<TenantId, Bucket> buckets = new ConcurrentHashMap<>();

    /** @param tokens at most {@code perMinute}; below 0 never */
    private record Bucket(double tokens, long atNanos, boolean admitted) {}

    /**
     * Where a tenant stands after a request.
     *
     * @param admitted whether the request may be served
     * @param limit most requests at once, and per minute
     * @param remaining how many more would be admitted now
     * @param untilNext time until one would be admitted, zero when one would be now
     * @param untilFull time until {@code limit} would be admitted at once, if nothing is asked meanwhile
     */
    record Standing(boolean admitted, int limit, int remaining, Duration untilNext, Duration untilFull) {}

    /** @param perMinute at least 1 */
    RequestRates(int perMinute, LongSupplier nanoTime) {
        this.perMinute = perMinute;
        this.nanoTime = nanoTime;
    }

    /** Counts one request of a tenant, if it is admitted. */
    Standing take(TenantId tenant) {
        long now = nanoTime.getAsLong();
        Bucket bucket = buckets.compute(tenant, (name, before) -> taken(before, now));
        double missing = Math.max(0, 1 - bucket.tokens());
        return new Standing(
                bucket.admitted(),
                perMinute,
                (int) bucket.tokens(),
                refill(missing),
                refill(perMinute - bucket.tokens()));
    }

    private Bucket taken(@Nullable Bucket before, long now) {
        double tokens = before == null
                ? perMinute
                : Math.min(perMinute, before.tokens() + (now - before.atNanos()) * (double) perMinute / MINUTE_NANOS);
        return tokens >= 1 ? new Bucket(tokens - 1, now, true) : new Bucket(tokens, now, false);
    }

    private Duration refill(double tokens) {
        return Duration.ofNanos((long) Math.ceil(tokens * MINUTE_NANOS / perMinute));
    }
}
