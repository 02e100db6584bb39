package router;

import inference.SessionId;
import inference.TenantId;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import kv.LeaseId;
import router.retention.LeaseAnswer;
import router.retention.LeaseTerms;

/**
 * What was answered last for a lease where that was less than its session asked for: those who ask do not wait for it, so it is kept
 * for who waits for receipts. Soft: lost with the keeper's life; of too many, the eldest are forgotten.
 *
 * <p>Thread-safety: confined to its keeper.
 */
final class LastAnswers {
    private record Told(LeaseTerms terms, LeaseAnswer answer) {}

    private final int most;
    private final Map<LeaseId, Told> told = new LinkedHashMap<>();

    /** @param most answers that are remembered at a time */
    LastAnswers(int most) {
        this.most = most;
    }

    /** A lease was asked for, and this is what came of it. */
    void answered(LeaseTerms terms, LeaseAnswer answer) {
        told.remove(terms.id());
        if (answer.less()) {
            told.put(terms.id(), new Told(terms, answer));
            if (told.size() > most) {
                Iterator<LeaseId> eldest = told.keySet().iterator();
                eldest.next();
                eldest.remove();
            }
        }
    }

    /** Nobody wants a lease any more. */
    void over(LeaseId lease) {
        told.remove(lease);
    }

    /** A session is over; with it, when it is the root, its whole tree. */
    void over(TenantId tenant, SessionId root, SessionId session) {
        told.values()
                .removeIf(one -> one.terms().tenant().equals(tenant)
                        && one.terms().root().equals(root)
                        && (session.equals(root) || one.terms().session().equals(session)));
    }

    boolean refused(LeaseId lease) {
        Told last = told.get(lease);
        return last != null && last.answer() instanceof LeaseAnswer.Refused;
    }

    /** Those about leases of a session, the eldest first. */
    List<LeaseAnswer> of(TenantId tenant, SessionId session) {
        return told.values().stream()
                .filter(one -> one.terms().tenant().equals(tenant)
                        && one.terms().session().equals(session))
                .map(Told::answer)
                .toList();
    }
}
