package router;

import inference.SessionId;
import inference.TenantId;
import java.time.Instant;
import java.util.List;
import kv.LeaseId;
import metrics.Metrics;
import org.jspecify.annotations.Nullable;
import router.retention.Lease;
import router.retention.LeaseAnswer;
import router.retention.LeaseBook;
import router.retention.LeaseTerms;
import router.retention.LiveWorkers;
import router.retention.OpenOrders;
import router.retention.WorkerOrder;

/**
 * One life of a keeper: which orders are open in it, what workers have acknowledged in it, what was
 * answered short of what was asked, and who waits for them. Soft: the next life
 * knows nothing of it and asks every worker again, and whoever waited hears nothing.
 *
 * <p>Thread-safety: confined to its keeper.
 */
final class KeeperLife {
    private final OrderSender sender;
    private final OpenOrders open = new OpenOrders();
    private final ResumeWaits resumes;
    private final ReceiptWaits receipts = new ReceiptWaits();
    private final LastAnswers answers;
    /** As it is, events included that the store has yet to acknowledge. Null before the first epoch. */
    private @Nullable LeaseBook book;

    private boolean begun;
    private boolean reasserting = true;
    private boolean graceOver;

    /**
     * @param book what was stored in earlier ones, null for nothing
     * @param answersRemembered most answers kept for who waits for receipts
     */
    KeeperLife(@Nullable LeaseBook book, OrderSender sender, int answersRemembered, Metrics metrics) {
        this.book = book;
        this.sender = sender;
        this.answers = new LastAnswers(answersRemembered);
        this.resumes = new ResumeWaits(metrics);
    }

    /** An event changed the book. */
    void changed(LeaseBook changed) {
        book = changed;
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
        receipts.answer(book, answers, now);
    }

    /** A lease was asked for; what that came to is stored. */
    void answered(LeaseBook book, LeaseTerms asked, LeaseAnswer answer, Instant now) {
        answers.answered(asked, answer);
        receipts.answer(book, answers, now);
    }

    /** A lease is not wanted any more. */
    void released(LeaseId lease) {
        answers.over(lease);
    }

    /** A session is over; with it, when it is the root, its whole tree. */
    void released(TenantId tenant, SessionId root, SessionId session) {
        answers.over(tenant, root, session);
    }

    /** A session is back: answers it, at once or when its holders have spoken; false before this life has begun. */
    boolean resume(LeaseKeeper.Resume resume) {
        LeaseBook now = book;
        if (!begun || now == null) {
            return false;
        }
        resumes.ask(now, open, resume, reasserting);
        return true;
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
        receipts.answer(book, answers, now);
    }
}
