package router.retention;

import inference.TenantId;
import java.time.Duration;
import java.time.Instant;

/**
 * What a tenant may still spend on leases of one partition: a token bucket of byte-seconds that fills within an hour.
 *
 * <p>Thread-safety: immutable.
 *
 * @param byteSeconds as of {@code at}
 */
public record TenantBudget(TenantId tenant, long byteSeconds, Instant at) {
    private static final double HOUR_MILLIS = Duration.ofHours(1).toMillis();

    static TenantBudget full(TenantId tenant, long quota, Instant at) {
        return new TenantBudget(tenant, quota, at);
    }

    /** The bucket after another while; a clock that went back fills nothing. */
    TenantBudget filled(long quota, Instant now) {
        long elapsed = Math.max(0, Duration.between(at, now).toMillis());
        long gained = (long) ((double) quota * Math.min(1, elapsed / HOUR_MILLIS));
        return new TenantBudget(tenant, Math.min(quota, byteSeconds + gained), now.isAfter(at) ? now : at);
    }

    TenantBudget charged(long amount) {
        return new TenantBudget(tenant, byteSeconds - amount, at);
    }
}
