package router.retention;

import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import kv.Epoch;
import kv.Incarnation;
import kv.LeaseId;
import kv.LedgerId;
import kv.Prefix;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * The rules of retention leases. An operation reads a {@link LeaseBook}, an input and a time, and changes nothing: it answers
 * the events to store and the orders to send to workers once they are stored.
 *
 * <p>Time is the keeper's own clock. Deadlines are stored; what is sent to a worker is the time that remains. A lease is over
 * for the ledger only when its deadline and the bound on skew have passed, by when every worker has ended its hold alone.
 *
 * <p>Thread-safety: immutable.
 */
public final class RetentionLedger {
    private static final Comparator<Lease> DENSEST_FIRST = Comparator.comparing(
                    (Lease lease) -> lease.terms().priority())
            .thenComparing(lease -> lease.terms().density())
            .reversed();

    private static final Receipt ANOTHER_LIFE = new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION);

    private final LedgerSettings settings;
    private final Quota quota;

    public RetentionLedger(LedgerSettings settings) {
        this.settings = settings;
        this.quota = new Quota(settings);
    }

    /** What an operation came to: store the events, then send the orders. */
    public record Decision(List<LedgerEvent> events, List<WorkerOrder> orders) {
        public static final Decision NOTHING = new Decision(List.of(), List.of());

        public Decision {
            events = List.copyOf(events);
            orders = List.copyOf(orders);
        }
    }

    /** A decision that somebody waits for. */
    public record Answered(Decision decision, LeaseAnswer answer) {}

    /**
     * What a worker says to an order.
     *
     * @param order number of the order, see {@link OpenOrders#sent}; for a copy, of the one that it was written by; 0 for WARM
     */
    public record WorkerAnswer(
            WorkerId worker,
            LeaseId lease,
            Epoch epoch,
            Incarnation incarnation,
            Step.Kind kind,
            long order,
            Receipt receipt,
            @Nullable StoredCopy copy) {

        boolean granted() {
            return receipt instanceof Receipt.Accepted || receipt instanceof Receipt.Bounded;
        }
    }

    /**
     * What a worker says of a hold that is no more, or only of what is left.
     *
     * @param order that the hold was made by
     * @param change counts what was said of that hold after it was acknowledged, from 1
     */
    public record HoldOver(
            WorkerId worker,
            LeaseId lease,
            Epoch epoch,
            Incarnation incarnation,
            long order,
            int change,
            Loss reason,
            @Nullable Prefix left) {}

    /**
     * A keeper's new life: an epoch of its own before its first order.
     *
     * @param drawn the ledger's name if it has none yet
     */
    public LedgerEvent begin(LeaseBook book, LedgerId drawn, Instant now) {
        LedgerId name = book.ledger().equals(LedgerId.NONE) ? drawn : book.ledger();
        return new LedgerEvent.EpochBegun(book.epoch().next(), name, now);
    }

    /** Orders that an earlier life may have died before sending: what ended lately is undone again. */
    public Decision repeatEnds(LeaseBook book, LiveWorkers live, Instant now) {
        Draft draft = draft(book, live, now);
        book.ended().stream().filter(lease -> lease.deadline().isAfter(now)).forEach(draft::undo);
        return draft.decision();
    }

    private Draft draft(LeaseBook book, LiveWorkers live, Instant now) {
        return new Draft(book, live, settings, now);
    }

    /** Opens a lease, or renews it when it is open already. */
    public Answered grant(LeaseBook book, LeaseTerms terms, Duration wanted, LiveWorkers live, Instant now) {
        Optional<Lease> same = book.lease(terms.id());
        if (same.isPresent()) {
            LeaseTerms known = same.get().terms();
            boolean equal =
                    known.prefix().equals(terms.prefix()) && known.tenant().equals(terms.tenant());
            return equal
                    ? renew(book, terms.id(), wanted, live, now)
                    : refused(terms.id(), LeaseAnswer.Refusal.ID_TAKEN);
        }
        List<Lease> cheaper = quota.cheaper(book, terms, wanted, now);
        long budget = book.budget(terms.tenant(), now).byteSeconds();
        long room = cheaper.stream()
                .mapToLong(lease -> LeaseBook.refund(lease, now))
                .sum();
        Quota.Bounded time = quota.bounded(terms, wanted, budget + room);
        if (time.remaining().isZero()) {
            return refused(terms.id(), LeaseAnswer.Refusal.QUOTA);
        }
        Lease blank = Lease.granted(granted(terms, time.remaining(), List.of(), now));
        Repair repair = new Repair(book, live, 0);
        if (repair.hopeless(blank)) {
            return refused(terms.id(), LeaseAnswer.Refusal.NOWHERE);
        }
        Draft draft = draft(book, live, now);
        draft.end(cheaper, EndReason.QUOTA);
        LedgerEvent.LeaseGranted event = granted(terms, time.remaining(), repair.next(blank), now);
        draft.add(event);
        draft.order(Lease.granted(event), event.steps());
        return new Answered(draft.decision(), new LeaseAnswer.Granted(terms.id(), time.remaining(), time.bound()));
    }

    private static LedgerEvent.LeaseGranted granted(
            LeaseTerms terms, Duration remaining, List<Step> steps, Instant now) {
        return new LedgerEvent.LeaseGranted(
                terms, now.plus(remaining), LeaseBook.byteSeconds(terms, remaining), steps, now);
    }

    private static Answered refused(LeaseId lease, LeaseAnswer.Refusal reason) {
        return new Answered(Decision.NOTHING, new LeaseAnswer.Refused(lease, reason));
    }

    /** Gives an open lease a later deadline, counted from now; an earlier one would leave holds behind and changes nothing. */
    public Answered renew(LeaseBook book, LeaseId id, Duration wanted, LiveWorkers live, Instant now) {
        Optional<Lease> found = book.lease(id);
        if (found.isEmpty()) {
            return refused(id, LeaseAnswer.Refusal.NO_SUCH_LEASE);
        }
        Lease lease = found.get();
        if (wanted.compareTo(lease.remaining(now)) <= 0) {
            return new Answered(
                    Decision.NOTHING, new LeaseAnswer.Granted(id, lease.remaining(now), LeaseAnswer.Bound.NONE));
        }
        LeaseTerms terms = lease.terms();
        long refund = LeaseBook.refund(lease, now);
        long budget = book.budget(terms.tenant(), now).byteSeconds();
        Quota.Bounded time = quota.bounded(terms, wanted, budget + refund);
        if (time.remaining().compareTo(lease.remaining(now)) <= 0) {
            return refused(id, LeaseAnswer.Refusal.QUOTA);
        }
        Instant deadline = now.plus(time.remaining());
        long charge = lease.chargedByteSeconds() - refund + LeaseBook.byteSeconds(terms, time.remaining());
        Draft draft = draft(book, live, now);
        draft.add(new LedgerEvent.LeaseRenewed(id, deadline, charge, now));
        draft.order(
                lease.renewed(deadline, charge),
                lease.steps().stream()
                        .filter(step -> step.kind() == Step.Kind.HOLD && step.granted())
                        .toList());
        return new Answered(draft.decision(), new LeaseAnswer.Granted(id, time.remaining(), time.bound()));
    }

    /** Ends a lease; nothing happens when it is not open. */
    public Decision end(LeaseBook book, LeaseId id, EndReason reason, LiveWorkers live, Instant now) {
        Draft draft = draft(book, live, now);
        draft.end(book.lease(id).stream().toList(), reason);
        return draft.decision();
    }

    /** Ends the leases of a session, or of its whole tree when it is the root. */
    public Decision endSession(
            LeaseBook book, TenantId tenant, SessionId root, SessionId session, LiveWorkers live, Instant now) {
        Draft draft = draft(book, live, now);
        draft.end(
                book.ofRoot(tenant, root).stream()
                        .filter(lease ->
                                session.equals(root) || lease.terms().session().equals(session))
                        .toList(),
                EndReason.SESSION_OVER);
        return draft.decision();
    }

    /**
     * A worker answered. Answers to orders of earlier epochs, and from other lives of the worker, have no effect; nor has the word
     * that a worker is in another life, of which it is about to tell everybody itself: it says nothing about what its engine has.
     * Answers that {@link OpenOrders#hears} does not take in are for {@link #overtaken}.
     *
     * @param asked until when the order asked for a hold, see {@link OpenOrders#asked}; null when that is not known
     */
    public Decision answered(
            LeaseBook book, WorkerAnswer answer, @Nullable Instant asked, LiveWorkers live, Instant now) {
        if (!answer.epoch().equals(book.epoch()) || answer.receipt().equals(ANOTHER_LIFE)) {
            return Decision.NOTHING;
        }
        Draft draft = draft(book, live, now);
        Optional<Lease> open = book.lease(answer.lease());
        Optional<Step> step = open.flatMap(lease -> lease.step(answer.kind(), answer.worker()))
                .filter(known -> known.incarnation().equals(answer.incarnation()) && known.answerable());
        if (open.isEmpty() || step.isEmpty() || step.get().stored()) {
            draft.undo(answer);
            return draft.decision();
        }
        Instant until = untouchedUntil(answer, open.get(), now);
        if (until == null) {
            until = until(answer, step.get(), asked, open.get().deadline(), now);
        }
        boolean known = answer.receipt().equals(step.get().receipt())
                && Objects.equals(until, step.get().until())
                && step.get().ended() == null;
        if (!known) {
            LedgerEvent.ReceiptRecorded recorded = new LedgerEvent.ReceiptRecorded(
                    answer.lease(), answer.kind(), answer.worker(), answer.receipt(), until, answer.copy(), now);
            draft.add(recorded);
            settle(draft, book, open.get().answered(recorded), live);
        }
        return draft.decision();
    }

    /** An answer that is not for {@link #answered}, because it was overtaken or is about an earlier lease of the same id. */
    public Decision overtaken(LeaseBook book, WorkerAnswer answer, LiveWorkers live, Instant now) {
        Draft draft = draft(book, live, now);
        draft.undo(answer);
        return draft.decision();
    }

    /** When an engine that cannot hold is to compute the prefix again; null when it is none of those, or never. */
    private @Nullable Instant untouchedUntil(WorkerAnswer answer, Lease lease, Instant now) {
        boolean touched = answer.kind() == Step.Kind.HOLD
                ? answer.receipt() instanceof Receipt.Unsupported
                : answer.kind() == Step.Kind.WARM
                        && !(answer.receipt() instanceof Receipt.Deferred)
                        && lease.step(Step.Kind.HOLD, answer.worker())
                                .filter(hold -> hold.unholdableAt(answer.incarnation()))
                                .isPresent();
        return touched && !settings.touchInterval().isZero() ? now.plus(settings.touchInterval()) : null;
    }

    private static @Nullable Instant until(
            WorkerAnswer answer, Step step, @Nullable Instant asked, Instant deadline, Instant now) {
        if (answer.receipt() instanceof Receipt.Deferred deferred) {
            return now.plus(deferred.retryAfter());
        }
        if (answer.kind() == Step.Kind.HOLD && answer.receipt() instanceof Receipt.Bounded bounded) {
            return now.plus(bounded.remaining());
        }
        if (answer.kind() == Step.Kind.HOLD && answer.receipt() instanceof Receipt.Accepted) {
            if (asked == null) {
                // To a repeated order, or once more: it promises nothing beyond what is recorded.
                return step.granted() && step.until() != null ? step.until() : now;
            }
            // An order is sent a moment after it was decided; the lease's own deadline is what was meant.
            return asked.isAfter(deadline) ? deadline : asked;
        }
        return null;
    }

    /**
     * A hold ended on its worker before its lease did, in whole or in part. What is left of one whose acknowledgement is still on its
     * way is taken for that.
     *
     * @param asked as for {@link #answered}
     */
    public Decision holdEnded(LeaseBook book, HoldOver over, @Nullable Instant asked, LiveWorkers live, Instant now) {
        Draft draft = draft(book, live, now);
        Optional<Lease> open = book.lease(over.lease());
        Optional<Step> held = open.flatMap(lease -> lease.step(Step.Kind.HOLD, over.worker()))
                .filter(step -> over.epoch().equals(book.epoch())
                        && step.incarnation().equals(over.incarnation())
                        && !step.over());
        if (open.isEmpty() || held.isEmpty()) {
            return draft.decision();
        }
        if (over.left() != null && asked != null && held.get().pending()) {
            Receipt less = new Receipt.Bounded(
                    over.left(),
                    open.get().terms().tiers().get(0),
                    asked.isAfter(now) ? Duration.between(now, asked) : Duration.ZERO,
                    Receipt.Reason.NOT_RESIDENT);
            LedgerEvent.ReceiptRecorded recorded = new LedgerEvent.ReceiptRecorded(
                    over.lease(), Step.Kind.HOLD, over.worker(), less, asked, null, now);
            draft.add(recorded);
            settle(draft, book, open.get().answered(recorded), live);
        } else {
            LedgerEvent.HoldEnded ended =
                    new LedgerEvent.HoldEnded(over.lease(), over.worker(), over.reason(), over.left(), now);
            draft.add(ended);
            settle(draft, book, open.get().holdEnded(ended), live);
        }
        return draft.decision();
    }

    /** Repairs a lease by what is at hand; ends it if its last holder wanted the room, or if nothing is left. */
    private static void settle(Draft draft, LeaseBook book, Lease lease, LiveWorkers live) {
        Repair repair = new Repair(book, live, 0);
        boolean idle = lease.steps().stream().noneMatch(step -> step.pending() || step.granted());
        if (idle && lease.yielded()) {
            draft.end(List.of(lease), EndReason.WORKER);
        } else if (repair.hopeless(lease)) {
            draft.end(List.of(lease), EndReason.NOTHING_LEFT);
        } else {
            draft.ask(List.of(new LedgerEvent.Plan(lease.id(), repair.next(lease))));
        }
    }

    /**
     * Brings the book up to the time and to the workers as they are: ends leases that are over, voids what earlier lives of
     * workers acknowledged, and ends holds whose granted time has passed unheard. Once per tick, before {@link #repair}.
     */
    public Decision sweep(LeaseBook book, LiveWorkers live, Instant now) {
        Draft draft = draft(book, live, now);
        Instant over = now.minus(settings.skewBound());
        draft.end(
                book.leases().stream()
                        .filter(lease -> !lease.deadline().isAfter(over))
                        .toList(),
                EndReason.DEADLINE);
        Set<WorkerId> voided = new HashSet<>();
        for (Lease lease : book.leases()) {
            for (Step step : lease.steps()) {
                if (!step.over() && !step.stored() && !voided.contains(step.worker())) {
                    live.lossOf(step).ifPresent(loss -> {
                        voided.add(step.worker());
                        draft.add(new LedgerEvent.WorkerVoided(step.worker(), live.living(step.worker()), loss, now));
                    });
                }
            }
        }
        for (Lease lease : book.leases()) {
            lease.steps().stream()
                    .filter(step ->
                            lease.deadline().isAfter(over) && !voided.contains(step.worker()) && step.overdue(over))
                    .forEach(step ->
                            draft.add(new LedgerEvent.HoldEnded(lease.id(), step.worker(), Loss.EXPIRED, null, now)));
        }
        return draft.decision();
    }

    /**
     * Asks for what is missing: repairs leases with too few copies, densest first, ends those that nothing can bring back, and
     * repeats orders that are unanswered or belong to an earlier life of the keeper. Once per tick.
     */
    public Decision repair(LeaseBook book, LiveWorkers live, OpenOrders open, Instant now) {
        Draft draft = draft(book, live, now);
        Repair repair = new Repair(book, live, settings.maxWarming());
        List<Lease> leases = book.leases().stream()
                .filter(lease -> lease.deadline().isAfter(now) && !repair.settled(lease, open))
                .sorted(DENSEST_FIRST)
                .toList();
        List<LedgerEvent.Plan> plans = new ArrayList<>();
        List<Lease> hopeless = new ArrayList<>();
        for (Lease lease : leases) {
            draft.repeat(lease, open);
            draft.moved(repair.leavable(lease), lease);
            List<Step> steps = repair.next(lease);
            plans.add(new LedgerEvent.Plan(
                    lease.id(),
                    Stream.concat(steps.stream(), repair.touches(lease, now).stream())
                            .toList()));
            if (steps.isEmpty() && repair.hopeless(lease)) {
                hopeless.add(lease);
            }
        }
        draft.ask(plans);
        draft.end(hopeless, EndReason.NOTHING_LEFT);
        return draft.decision();
    }

    /** How far the leases that depend on a draining worker have been moved. */
    public Evacuation evacuation(LeaseBook book, LiveWorkers live, WorkerId worker) {
        return Evacuation.of(book, live, worker);
    }

    /** Whether a worker that once acknowledged a hold has not done so in this life of the keeper, and still may. */
    public static boolean awaitsReassertion(Lease lease, OpenOrders open) {
        return lease.steps().stream()
                .anyMatch(step -> step.kind() == Step.Kind.HOLD && step.granted() && !open.confirmed(lease, step));
    }
}
