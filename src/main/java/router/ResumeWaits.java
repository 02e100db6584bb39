package router;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import metrics.Metric;
import metrics.Metrics;
import router.retention.Lease;
import router.retention.LeaseBook;
import router.retention.OpenOrders;
import router.retention.RetentionLedger;

/**
 * Sessions that are back and wait until a new life of their keeper has heard again from those who hold their leases. Soft: lost
 * with the keeper, then they go on without.
 *
 * <p>Thread-safety: confined to its keeper.
 */
final class ResumeWaits {
    private final Metrics metrics;
    private final List<LeaseKeeper.Resume> waiting = new ArrayList<>();

    ResumeWaits(Metrics metrics) {
        this.metrics = metrics;
    }

    void clear() {
        waiting.clear();
    }

    /** Answers at once, unless the keeper still asks its workers again and some of them are awaited. */
    void ask(LeaseBook book, OpenOrders open, LeaseKeeper.Resume resume, boolean reasserting) {
        if (reasserting && awaitsReassertion(book, open, resume)) {
            waiting.add(resume);
        } else {
            answer(book, open, resume, "AT_ONCE");
        }
    }

    /** Answers whoever need not wait any longer. */
    void answerReasserted(LeaseBook book, OpenOrders open) {
        waiting.removeIf(resume -> {
            boolean ready = !awaitsReassertion(book, open, resume);
            if (ready) {
                answer(book, open, resume, "REASSERTED");
            }
            return ready;
        });
    }

    /** Answers everybody: the time to wait is over. */
    void answerAll(LeaseBook book, OpenOrders open) {
        waiting.forEach(resume -> answer(book, open, resume, "TIMED_OUT"));
        waiting.clear();
    }

    private void answer(LeaseBook book, OpenOrders open, LeaseKeeper.Resume resume, String how) {
        metrics.count(Metric.LEASE_RESUMES, how);
        resume.replyTo()
                .tell(new LeaseKeeper.Resumed(leases(book, resume).toList(), !awaitsReassertion(book, open, resume)));
    }

    private static boolean awaitsReassertion(LeaseBook book, OpenOrders open, LeaseKeeper.Resume resume) {
        return leases(book, resume).anyMatch(lease -> RetentionLedger.awaitsReassertion(lease, open));
    }

    private static Stream<Lease> leases(LeaseBook book, LeaseKeeper.Resume resume) {
        return book.ofRoot(resume.tenant(), resume.root()).stream()
                .filter(lease -> lease.terms().session().equals(resume.session()));
    }
}
