package router;

import akka.actor.typed.javadsl.ActorContext;
import java.util.List;
import kv.Epoch;
import metrics.Metric;
import metrics.Metrics;
import router.retention.LeaseAnswer;
import router.retention.LeaseBook;
import router.retention.LedgerEvent;

/**
 * What becomes of a partition's leases, told to whoever watches the node: in its log and its metrics.
 *
 * <p>Thread-safety: confined to its keeper.
 */
final class LeaseLog {
    private final ActorContext<?> keeper;
    private final Metrics metrics;

    LeaseLog(ActorContext<?> keeper, Metrics metrics) {
        this.keeper = keeper;
        this.metrics = metrics;
    }

    /** A life of the keeper begins with this book. */
    void begun(LeaseBook book) {
        keeper.getLog()
                .info(
                        "leases of partition {}: epoch {}, {} open",
                        keeper.getSelf().path().name(),
                        book.epoch().value(),
                        book.leases().size());
    }

    /** Another keeper of the partition has begun a life after the latest one that is known of here. */
    void replaced(Epoch known) {
        keeper.getLog().warn("a life after epoch {} has begun elsewhere: this one ends", known.value());
    }

    /** An owner asked for a lease. */
    void answered(LeaseAnswer answer) {
        if (answer instanceof LeaseAnswer.Refused refused) {
            metrics.count(Metric.LEASES_REFUSED, refused.reason().name());
            keeper.getLog().debug("lease {} refused: {}", refused.lease(), refused.reason());
        } else if (answer instanceof LeaseAnswer.Granted granted && answer.less()) {
            metrics.count(Metric.LEASES_BOUNDED, granted.bound().name());
            keeper.getLog()
                    .debug("lease {} granted for {} only: {}", granted.lease(), granted.remaining(), granted.bound());
        }
    }

    void stored(List<LedgerEvent> events) {
        events.forEach(this::stored);
    }

    /** So many holds are over by the clock, and nobody has said so. */
    void overstayed(int holds) {
        if (holds > 0) {
            metrics.count(Metric.LEASE_HOLDS_OVERSTAYED, holds);
            keeper.getLog()
                    .debug("{} holds may have outlived their time: their workers have not said that they ended", holds);
        }
    }

    private void stored(LedgerEvent event) {
        if (event instanceof LedgerEvent.LeasesEnded over) {
            metrics.count(
                    Metric.LEASES_ENDED, over.leases().size(), over.reason().name());
            keeper.getLog().debug("leases {} ended: {}", over.leases(), over.reason());
        } else if (event instanceof LedgerEvent.WorkerVoided voided) {
            keeper.getLog().info("holds of worker {} are void: {}", voided.worker(), voided.reason());
        } else if (event instanceof LedgerEvent.HoldEnded over) {
            keeper.getLog().debug("lease {}: hold at {} ended: {}", over.lease(), over.worker(), over.reason());
        }
    }
}
