package router.retention;

import inference.SessionId;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import kv.LeaseId;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.retention.RetentionLedger.Answered;
import router.retention.RetentionLedger.Decision;

/**
 * Leases that several sessions share, each for a time of its own: granted with the first, renewed by whoever needs it longer,
 * ended with the last.
 *
 * <p>Copies follow demand. An owner asks for one where it ran last, until the lease's deadline, and renews that one alone: where no
 * owner runs any more, a copy ends at its own deadline. The lease itself counts on those that last longest, as many as it wants
 * copies; each beyond them is charged to the tenant for its time, and there is none that the quota does not pay for. One that a worker
 * took back is not asked for again before its time would have been over.
 *
 * <p>Thread-safety: immutable.
 */
public final class SharedLeases {
    /** A session that would gain less than this share of its time is answered from what it has. */
    private static final double WORTH_STORING = 0.25;

    private final RetentionLedger ledger;
    private final LedgerSettings settings;

    public SharedLeases(RetentionLedger ledger, LedgerSettings settings) {
        this.ledger = ledger;
        this.settings = settings;
    }

    /** Grants or renews a lease for one of its owners, and has it held where that one ran. */
    public Answered join(
            LeaseBook book, LeaseTerms terms, SessionId owner, Duration wanted, LiveWorkers live, Instant now) {
        Optional<Lease> open = book.lease(terms.id());
        boolean longer = open.flatMap(lease -> known(lease, owner))
                .filter(known -> !gains(known.until(), wanted, now))
                .isEmpty();
        Answered answered = longer
                ? ledger.grant(book, terms, wanted, live, now)
                : new Answered(
                        Decision.NOTHING,
                        new LeaseAnswer.Granted(terms.id(), open.orElseThrow().remaining(now), LeaseAnswer.Bound.NONE));
        if (!(answered.answer() instanceof LeaseAnswer.Granted granted)) {
            return answered;
        }
        Draft draft = new Draft(book, live, settings, now);
        if (open.isEmpty()) {
            draft.add(answered.decision());
        } else {
            Lease renewed = renewed(open.get(), answered.decision());
            Optional<Step> copy = copyAt(terms.home(), open.get(), live, now)
                    .filter(step -> longer || gains(step.until(), wanted, now));
            renew(draft, book, open.get(), renewed, copy, now);
        }
        if (longer) {
            Duration time = granted.remaining().compareTo(wanted) < 0 ? granted.remaining() : wanted;
            draft.add(new LedgerEvent.OwnerJoined(terms.id(), owner, now.plus(time), now));
        }
        return new Answered(draft.decision(), granted);
    }

    /** Whether having something for the wanted time, counted from now, is worth more than having it until then. */
    private static boolean gains(@Nullable Instant until, Duration wanted, Instant now) {
        Duration gained = until == null ? wanted : wanted.minus(Duration.between(now, until));
        return gained.toMillis() >= WORTH_STORING * wanted.toMillis();
    }

    /** A lease with the deadline and the charge that a renewal gives it. */
    private static Lease renewed(Lease lease, Decision renewal) {
        return renewal.events().stream()
                .filter(LedgerEvent.LeaseRenewed.class::isInstance)
                .map(LedgerEvent.LeaseRenewed.class::cast)
                .map(event -> lease.renewed(event.deadline(), event.chargedByteSeconds()))
                .findFirst()
                .orElse(lease);
    }

    /** The hold to ask a worker for, anew or for longer; empty when it is on its way, or would be refused again. */
    private static Optional<Step> copyAt(@Nullable WorkerId home, Lease lease, LiveWorkers live, Instant now) {
        Optional<LiveWorker> there = Optional.ofNullable(home)
                .flatMap(live::find)
                .filter(worker -> worker.state().accepting());
        if (there.isEmpty()) {
            return Optional.empty();
        }
        LiveWorker worker = there.get();
        if (Repair.holdable(lease, worker)) {
            return Optional.of(Step.asked(Step.Kind.HOLD, worker));
        }
        return lease.step(Step.Kind.HOLD, worker.worker())
                .filter(hold -> hold.granted()
                        || (hold.until() != null && hold.over() && !hold.until().isAfter(now)))
                .map(hold -> hold.granted() ? hold : Step.asked(Step.Kind.HOLD, worker));
    }

    /** Renews a lease, and of its holds one: the others end when they would have, or are renewed when they are counted on. */
    private static void renew(
            Draft draft, LeaseBook book, Lease before, Lease renewed, Optional<Step> wanted, Instant now) {
        long spent = renewed.chargedByteSeconds() - before.chargedByteSeconds();
        long left = book.budget(before.terms().tenant(), now).byteSeconds() - spent;
        Optional<Step> copy = wanted.filter(step -> price(before, step, now) <= left);
        long charge = renewed.chargedByteSeconds()
                + copy.map(step -> price(before, step, now)).orElse(0L);
        Lease paid = renewed.renewed(renewed.deadline(), charge);
        if (!paid.equals(before)) {
            draft.add(new LedgerEvent.LeaseRenewed(paid.id(), paid.deadline(), charge, now));
        }
        copy.ifPresent(step -> {
            if (step.receipt() == null) {
                draft.add(new LedgerEvent.StepsPlanned(List.of(new LedgerEvent.Plan(paid.id(), List.of(step))), now));
            }
            draft.order(paid, List.of(step));
        });
    }

    /** Byte-seconds by which a copy until the deadline exceeds what the lease was charged for: nothing when it counts on that copy. */
    private static long price(Lease lease, Step copy, Instant now) {
        long others = lease.storedCopies().size()
                + lease.steps().stream()
                        .filter(step ->
                                step.kind() == Step.Kind.HOLD && !step.worker().equals(copy.worker()))
                        .filter(step ->
                                step.pending() || step.grants(lease.terms().prefix()))
                        .count();
        Instant until = copy.until() == null || copy.until().isBefore(now) ? now : copy.until();
        if (others < lease.terms().minCopies() || !until.isBefore(lease.deadline())) {
            return 0;
        }
        return LeaseBook.byteSeconds(lease.terms(), Duration.between(until, lease.deadline()))
                / lease.terms().minCopies();
    }

    /**
     * A lease as it is for one of its holds: with its own deadline, or with the hold's when sessions share the lease and as many
     * others as it wants copies will last longer.
     */
    static Lease forHold(Lease lease, Step hold, OpenOrders open) {
        if (lease.owners().isEmpty() || hold.kind() != Step.Kind.HOLD || !hold.granted() || hold.until() == null) {
            return lease;
        }
        Comparator<Step> lastsLonger =
                Comparator.comparing((Step step) -> end(lease, step, open)).thenComparing(Step::worker);
        long longer = lease.storedCopies().size()
                + lease.steps().stream()
                        .filter(step -> step.kind() == Step.Kind.HOLD
                                && (step.pending() || step.grants(lease.terms().prefix())))
                        .filter(step -> lastsLonger.compare(step, hold) > 0)
                        .count();
        return longer < lease.terms().minCopies() ? lease : lease.renewed(hold.until(), lease.chargedByteSeconds());
    }

    /** Until when a hold will last by what its worker was asked for, or said. */
    private static Instant end(Lease lease, Step hold, OpenOrders open) {
        return open.asked(lease.id(), hold.worker(), hold.incarnation())
                .or(() -> Optional.ofNullable(hold.until()))
                .orElse(Instant.MIN);
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
