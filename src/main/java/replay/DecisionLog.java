package replay;

import java.time.Duration;
import java.util.Locale;
import kv.CacheOwner;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.retention.EndReason;
import router.retention.LeaseTerms;
import router.retention.WorkerOrder;
import workers.holds.HoldChange;

/**
 * Every decision of one run in order, a JSON object per line, times in virtual milliseconds with three decimals: the same
 * bytes for the same inputs.
 *
 * <p>Thread-safety: confined to its run; read only afterwards.
 */
final class DecisionLog {
    private final @Nullable StringBuilder lines;

    /** @param kept false for a log that forgets everything */
    DecisionLog(boolean kept) {
        lines = kept ? new StringBuilder() : null;
    }

    /** A turn was sent to a worker. */
    void placed(double nowMillis, int turn, WorkerId worker, int expectedCachedTokens, long queuedNanos) {
        if (lines != null) {
            line(
                    nowMillis,
                    "place",
                    "\"turn\":%d,\"worker\":\"%s\",\"expectedCachedTokens\":%d,\"queuedMillis\":%.3f",
                    turn,
                    worker.url(),
                    expectedCachedTokens,
                    queuedNanos / 1e6);
        }
    }

    /** A turn has to wait. */
    void queued(double nowMillis, int turn) {
        if (lines != null) {
            line(nowMillis, "queue", "\"turn\":%d", turn);
        }
    }

    /** A session asked for a lease. */
    void lease(double nowMillis, LeaseTerms terms, Duration remaining, boolean granted) {
        if (lines != null) {
            line(
                    nowMillis,
                    "lease",
                    "\"lease\":\"%s\",\"session\":\"%s\",\"blocks\":%d,\"density\":%.6f,\"remainingMillis\":%.3f,\"granted\":%b",
                    terms.id(),
                    terms.session().value(),
                    terms.prefix().blocks(),
                    terms.density(),
                    VirtualTime.millis(remaining),
                    granted);
        }
    }

    /** A lease is over. */
    void leaseOver(double nowMillis, LeaseId lease, EndReason reason) {
        if (lines != null) {
            line(nowMillis, "end", "\"lease\":\"%s\",\"reason\":\"%s\"", lease, reason);
        }
    }

    /** A worker answered an order. */
    void receipt(double nowMillis, WorkerOrder.PlaceHold order, Receipt receipt) {
        if (lines != null) {
            line(
                    nowMillis,
                    "hold",
                    "\"lease\":\"%s\",\"worker\":\"%s\",\"receipt\":\"%s\"",
                    order.hold().lease(),
                    order.worker().url(),
                    receipt.getClass().getSimpleName());
        }
    }

    /** A worker was told to bring a prefix to its device, and so many blocks began to move. */
    void prefetched(double nowMillis, WorkerOrder.Prefetch order, int blocks) {
        if (lines != null) {
            line(
                    nowMillis,
                    "prefetch",
                    "\"lease\":\"%s\",\"worker\":\"%s\",\"blocks\":%d",
                    order.lease(),
                    order.worker().url(),
                    blocks);
        }
    }

    /** A worker was told to keep a prefix in its host tier, and did so or let it be. */
    void demoted(double nowMillis, WorkerOrder.Demote order, boolean moved) {
        if (lines != null) {
            line(
                    nowMillis,
                    "demote",
                    "\"lease\":\"%s\",\"worker\":\"%s\",\"moved\":%b",
                    order.lease(),
                    order.worker().url(),
                    moved);
        }
    }

    /** A hold yielded, expired or lost blocks. */
    void holdOver(double nowMillis, CacheOwner worker, HoldChange change) {
        if (lines != null) {
            Prefix left = change.left();
            line(
                    nowMillis,
                    "yield",
                    "\"lease\":\"%s\",\"worker\":\"%s\",\"reason\":\"%s\",\"blocksLeft\":%d",
                    change.lease(),
                    worker.worker().url(),
                    change.reason(),
                    left == null ? 0 : left.blocks());
        }
    }

    /** Everything, line by line. */
    String text() {
        return lines == null ? "" : lines.toString();
    }

    private void line(double nowMillis, String what, String fields, Object... values) {
        if (lines != null) {
            lines.append(String.format(Locale.ROOT, "{\"ms\":%.3f,\"what\":\"%s\",", nowMillis, what))
                    .append(String.format(Locale.ROOT, fields, values))
                    .append("}\n");
        }
    }
}
