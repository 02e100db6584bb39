package router.retention;

import inference.SessionId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import kv.LeaseId;
import router.retention.RetentionLedger.Answered;
import router.retention.RetentionLedger.Decision;

/**
 * Leases that several sessions share, each for a time of its own: granted with the first, renewed by whoever needs it longer,
 * ended with the last.
 *
 * <p>Thread-safety: immutable.
 */
public final class SharedLeases {
    /** A session that would gain less than this share of its time is answered from what it has. */
    private static final double WORTH_STORING = 0.25;

    private final RetentionLedger ledger;

    public SharedLeases(RetentionLedger ledger) {
        this.ledger = ledger;
    }

    /** Grants or renews a lease for one of its owners. */
    public Answered join(
            LeaseBook book, LeaseTerms terms, SessionId owner, Duration wanted, LiveWorkers live, Instant now) {
        Optional<Lease> open = book.lease(terms.id());
        Duration gained = open.flatMap(lease -> known(lease, owner))
                .map(known -> wanted.minus(Duration.between(now, known.until())))
                .orElse(wanted);
        if (open.isPresent() && gained.toMillis() < WORTH_STORING * wanted.toMillis()) {
            return new Answered(
                    Decision.NOTHING,
                    new LeaseAnswer.Granted(terms.id(), open.get().remaining(now), LeaseAnswer.Bound.NONE));
        }
        Answered answered = ledger.grant(book, terms, wanted, live, now);
        if (!(answered.answer() instanceof LeaseAnswer.Granted granted)) {
            return answered;
        }
        List<LedgerEvent> events = new ArrayList<>(answered.decision().events());
        Duration time = granted.remaining().compareTo(wanted) < 0 ? granted.remaining() : wanted;
        events.add(new LedgerEvent.OwnerJoined(terms.id(), owner, now.plus(time), now));
        return new Answered(new Decision(events, answered.decision().orders()), granted);
    }

    /** One of the owners needs a lease no longer: it ends with the last of them. */
    public Decision leave(LeaseBook book, LeaseId id, SessionId owner, LiveWorkers live, Instant now) {
        Optional<Lease> open = book.lease(id);
        if (open.flatMap(lease -> known(lease, owner)).isEmpty()) {
            return Decision.NOTHING;
        }
        boolean others = open.orElseThrow().owners().stream()
                .anyMatch(
                        other -> !other.session().equals(owner) && other.until().isAfter(now));
        return others
                ? new Decision(List.of(new LedgerEvent.OwnerLeft(id, owner, now)), List.of())
                : ledger.end(book, id, EndReason.OWNER, live, now);
    }

    private static Optional<Owner> known(Lease lease, SessionId owner) {
        return lease.owners().stream()
                .filter(known -> known.session().equals(owner))
                .findFirst();
    }
}
