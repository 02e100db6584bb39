package router;

import java.time.Instant;
import java.util.List;
import metrics.Metrics;
import router.retention.Lease;
import router.retention.LeaseBook;
import router.retention.LiveWorkers;
import router.retention.OpenOrders;
import router.retention.WorkerOrder;

/**
 * One life of a keeper: which orders are open in it, what workers have acknowledged in it, and who waits for them. Soft: the next life
 * knows nothing of it and asks every worker again, and whoever waited hears nothing.
 *
 * <p>Thread-safety: confined to its keeper.
 */
final class KeeperLife {
    private final OrderSender sender;
    private final OpenOrders open = new OpenOrders();
    private final ResumeWaits resumes;
    private final ReceiptWaits receipts = new ReceiptWaits();
    private boolean begun;
    private boolean reasserting = true;
    private boolean graceOver;

    KeeperLife(OrderSender sender, Metrics metrics) {
        this.sender = sender;
        this.resumes = new ResumeWaits(metrics);
    }

    /** Its epoch is stored. */
    void begin() {
        begun = true;
    }

    boolean begun() {
        return begun;
    }

    OpenOrders open() {
        return open;
    }

    /** The workers, of which those that have not come in time are taken for lost. */
    LiveWorkers workers(LiveWorkers seen) {
        return graceOver ? seen.complete() : seen;
    }

    /** Whoever has not come yet is taken for lost from now on. */
    void graceOver() {
        graceOver = true;
    }

    void send(List<WorkerOrder> orders, Instant now) {
        for (WorkerOrder order : orders) {
            sender.send(order, open.sent(order, now));
        }
    }

    /** A decision is stored, that leases end included: its orders go out. */
    void stored(LeaseBook book, List<Lease> ended, List<WorkerOrder> orders, Instant now) {
        ended.forEach(open::forget);
        send(orders, now);
        receipts.answer(book, now);
    }

    /** A session is back: answers it, at once or when its holders have spoken. */
    void resume(LeaseBook book, LeaseKeeper.Resume resume) {
        resumes.ask(book, open, resume, reasserting);
    }

    /** Workers have spoken: answers the sessions that waited for no others. */
    void reasserted(LeaseBook book) {
        resumes.answerReasserted(book, open);
    }

    /** Nobody waits any longer for holders to speak. */
    void reassertOver(LeaseBook book) {
        reasserting = false;
        resumes.answerAll(book, open);
    }

    void await(LeaseBook book, LeaseKeeper.AwaitReceipts command, Instant now) {
        receipts.add(command, now);
        receipts.answer(book, now);
    }
}
