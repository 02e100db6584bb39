package router;

import java.time.Instant;
import java.util.List;
import metrics.Metric;
import metrics.Metrics;
import org.jspecify.annotations.Nullable;
import router.retention.CopyInventory;
import router.retention.HoldOver;
import router.retention.LeaseBook;
import router.retention.LiveWorkers;
import router.retention.OpenOrders;
import router.retention.Receipts;
import router.retention.RetentionLedger.Decision;
import router.retention.WorkerAnswer;
import router.retention.WorkerOrder;
import workers.RetentionNews;

/**
 * What workers tell a keeper, as decisions about its leases. News of an earlier epoch, repeated or overtaken decide nothing.
 *
 * <p>Thread-safety: confined to its keeper.
 */
final class WorkerNews {
    private final Receipts receipts;
    private final Metrics metrics;

    WorkerNews(Receipts receipts, Metrics metrics) {
        this.receipts = receipts;
        this.metrics = metrics;
    }

    /** What follows from a worker's word; {@code open} notes that it was heard. */
    Decision heard(LeaseBook book, OpenOrders open, RetentionNews news, LiveWorkers live, Instant now) {
        if (news instanceof RetentionNews.HoldAnswered answered) {
            return answered(book, open, OrderSender.answer(answered), live, now);
        }
        if (news instanceof RetentionNews.WarmAnswered answered) {
            return answered(book, open, OrderSender.answer(answered), live, now);
        }
        if (news instanceof RetentionNews.CopyAnswered answered) {
            return answered(book, open, OrderSender.answer(answered), live, now);
        }
        if (news instanceof RetentionNews.CopiesListed listed) {
            List<WorkerOrder> abandoned = CopyInventory.compare(book, listed.worker(), listed.copies());
            metrics.count(Metric.LEASE_COPIES_ABANDONED, abandoned.size());
            return new Decision(List.of(), abandoned);
        }
        RetentionNews.HoldEnded ended = (RetentionNews.HoldEnded) news;
        metrics.count(Metric.LEASE_HOLDS_ENDED, ended.reason().name());
        HoldOver over = OrderSender.over(ended);
        @Nullable
        Instant asked =
                open.asked(over.lease(), over.worker(), over.incarnation()).orElse(null);
        if (!over.epoch().equals(book.epoch()) || !open.hears(over)) {
            return Decision.NOTHING;
        }
        return receipts.holdEnded(book, over, asked, live, now);
    }

    private Decision answered(LeaseBook book, OpenOrders open, WorkerAnswer answer, LiveWorkers live, Instant now) {
        if (!answer.epoch().equals(book.epoch())) {
            return Decision.NOTHING;
        }
        metrics.count(
                Metric.LEASE_RECEIPTS,
                answer.kind().name(),
                answer.receipt().getClass().getSimpleName());
        @Nullable
        Instant asked = open.asked(answer.lease(), answer.worker(), answer.incarnation())
                .orElse(null);
        return open.hears(answer)
                ? receipts.answered(book, answer, asked, live, now)
                : receipts.overtaken(book, answer, live, now);
    }
}
