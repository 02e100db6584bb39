package router;

import akka.actor.typed.ActorRef;
import akka.actor.typed.RecipientRef;
import java.util.function.Function;
import kv.WorkerId;
import router.retention.HoldOver;
import router.retention.Loss;
import router.retention.Step;
import router.retention.WorkerAnswer;
import router.retention.WorkerOrder;
import workers.RetentionNews;
import workers.Worker;

/**
 * Translates between the ledger and workers: orders into commands, news into answers.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class OrderSender {
    private final Function<WorkerId, ? extends RecipientRef<Worker.Command>> workers;
    private final ActorRef<RetentionNews> keeper;

    /** @param keeper where the news of workers go */
    OrderSender(Function<WorkerId, ? extends RecipientRef<Worker.Command>> workers, ActorRef<RetentionNews> keeper) {
        this.workers = workers;
        this.keeper = keeper;
    }

    /**
     * Sends an order.
     *
     * @param number what {@link router.retention.OpenOrders#sent} gave it
     */
    void send(WorkerOrder order, long number) {
        workers.apply(order.worker()).tell(command(order, number));
    }

    private Worker.Command command(WorkerOrder order, long number) {
        if (order instanceof WorkerOrder.PlaceHold place) {
            return new Worker.HoldPrefix(place.hold(), place.incarnation(), number, keeper);
        }
        if (order instanceof WorkerOrder.Warm warm) {
            return new Worker.WarmPrefix(
                    warm.lease(),
                    warm.epoch(),
                    warm.incarnation(),
                    warm.prefix(),
                    warm.conversation(),
                    warm.guess(),
                    warm.source(),
                    number,
                    keeper);
        }
        if (order instanceof WorkerOrder.Copy copy) {
            return new Worker.CopyPrefix(
                    copy.ledger(),
                    copy.lease(),
                    copy.epoch(),
                    copy.incarnation(),
                    copy.prefix(),
                    copy.conversation(),
                    number,
                    keeper);
        }
        if (order instanceof WorkerOrder.ListCopies list) {
            return new Worker.ListCopies(list.ledger(), keeper);
        }
        if (order instanceof WorkerOrder.Prefetch prefetch) {
            return new Worker.PrefetchHold(prefetch.lease(), prefetch.epoch(), prefetch.incarnation());
        }
        if (order instanceof WorkerOrder.Demote demote) {
            return new Worker.DemoteHold(demote.lease(), demote.epoch(), demote.incarnation(), number, keeper);
        }
        if (order instanceof WorkerOrder.ReleaseHold release) {
            return new Worker.ReleaseHold(release.lease(), release.epoch(), number);
        }
        return new Worker.DiscardCopy(((WorkerOrder.DiscardCopy) order).location());
    }

    static WorkerAnswer answer(RetentionNews.HoldAnswered news) {
        return new WorkerAnswer(
                news.worker(),
                news.lease(),
                news.epoch(),
                news.incarnation(),
                Step.Kind.HOLD,
                news.order(),
                news.receipt(),
                null);
    }

    static WorkerAnswer answer(RetentionNews.WarmAnswered news) {
        return new WorkerAnswer(
                news.worker(),
                news.lease(),
                news.epoch(),
                news.incarnation(),
                Step.Kind.WARM,
                news.order(),
                news.receipt(),
                null);
    }

    static WorkerAnswer answer(RetentionNews.CopyAnswered news) {
        return new WorkerAnswer(
                news.worker(),
                news.lease(),
                news.epoch(),
                news.incarnation(),
                Step.Kind.COPY,
                news.order(),
                news.receipt(),
                news.copy());
    }

    static HoldOver over(RetentionNews.HoldEnded news) {
        return new HoldOver(
                news.worker(),
                news.lease(),
                news.epoch(),
                news.incarnation(),
                news.order(),
                news.change(),
                switch (news.reason()) {
                    case EXPIRED -> Loss.EXPIRED;
                    case REVOKED_FOR_DENSER -> Loss.REVOKED_FOR_DENSER;
                    case REVOKED_UNDER_PRESSURE -> Loss.REVOKED_UNDER_PRESSURE;
                    case EVICTED -> Loss.EVICTED;
                    case INCARNATION_OVER -> Loss.INCARNATION_OVER;
                },
                news.left());
    }
}
