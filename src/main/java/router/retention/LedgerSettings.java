package router.retention;

import java.time.Duration;

/**
 * Bounds of one partition of the ledger.
 *
 * <p>Thread-safety: immutable.
 *
 * @param maxLease longest time a lease is granted or renewed for
 * @param minLease shortest time worth granting
 * @param skewBound how much clocks and messages may be late against each other
 * @param tenantQuotaByteSeconds per tenant and hour, in this partition
 * @param maxWarming prefixes of this partition that are being computed at once
 * @param touchInterval prefixes in engines that cannot hold are computed again this often while they are leased; zero for never
 * @param retryAfter unanswered orders are repeated after this long, and copies that found no room asked for again no sooner
 * @param rememberedEnded ended leases that can still be asked about, and answers that fell short of what was asked
 */
public record LedgerSettings(
        Duration maxLease,
        Duration minLease,
        Duration skewBound,
        long tenantQuotaByteSeconds,
        int maxWarming,
        Duration touchInterval,
        Duration retryAfter,
        int rememberedEnded) {
    public LedgerSettings {
        require(positive(minLease), "min-lease is not positive");
        require(maxLease.compareTo(minLease) >= 0, "max-lease is below min-lease");
        require(maxLease.compareTo(Duration.ofDays(1)) <= 0, "max-lease is above 24h");
        require(!skewBound.isNegative(), "skew-bound is negative");
        require(tenantQuotaByteSeconds >= 0, "tenant-quota is negative");
        require(maxWarming >= 0, "max-warming is negative");
        require(!touchInterval.isNegative(), "touch-interval is negative");
        require(positive(retryAfter), "retry-after is not positive");
        require(rememberedEnded >= 1, "remembered-ended is below 1");
    }

    /** The same for one keeper that does the work of several. */
    public LedgerSettings times(int partitions) {
        return new LedgerSettings(
                maxLease,
                minLease,
                skewBound,
                tenantQuotaByteSeconds * partitions,
                maxWarming * partitions,
                touchInterval,
                retryAfter,
                rememberedEnded);
    }

    private static boolean positive(Duration duration) {
        return !duration.isNegative() && !duration.isZero();
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException("holdfast.router.leases." + message);
        }
    }
}
