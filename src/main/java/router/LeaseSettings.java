package router;

import java.time.Duration;
import router.retention.LedgerSettings;

/**
 * Settings of lease keepers, section {@code holdfast.router.leases}.
 *
 * <p>Thread-safety: immutable.
 *
 * @param partitions keepers that share the leases; fixed for a database's life
 * @param tick time between two looks at the whole book
 * @param reassertWait how long after a keeper's recovery a returning session waits for its holders
 * @param workerGrace how long after a keeper's recovery a worker that is not there yet is not taken for lost
 * @param inventoryInterval time between two looks for copies that no lease has
 * @param askTimeout one question to a keeper
 * @param snapshotEveryEvents events between two snapshots
 * @param minRestartBackoff first wait after the store failed
 * @param maxRestartBackoff longest wait while it keeps failing
 */
public record LeaseSettings(
        int partitions,
        LedgerSettings ledger,
        Duration tick,
        Duration reassertWait,
        Duration workerGrace,
        Duration inventoryInterval,
        Duration askTimeout,
        int snapshotEveryEvents,
        Duration minRestartBackoff,
        Duration maxRestartBackoff) {
    private static final int MAX_PARTITIONS = 1024;

    public LeaseSettings {
        require(partitions >= 1 && partitions <= MAX_PARTITIONS, "partitions is not from 1 to " + MAX_PARTITIONS);
        require(positive(tick), "tick is not positive");
        require(!reassertWait.isNegative(), "reassert-wait is negative");
        require(!workerGrace.isNegative(), "worker-grace is negative");
        require(positive(inventoryInterval), "inventory-interval is not positive");
        require(positive(askTimeout), "ask-timeout is not positive");
        require(snapshotEveryEvents >= 1, "snapshot-every-events is below 1");
        require(positive(minRestartBackoff), "min-restart-backoff is not positive");
        require(
                maxRestartBackoff.compareTo(minRestartBackoff) >= 0,
                "max-restart-backoff is below min-restart-backoff");
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
