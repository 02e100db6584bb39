package router.retention;

import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import kv.KvTier;
import kv.LeaseId;
import kv.LedgerId;
import kv.WorkerId;

/**
 * The rules of retention leases: how they are granted, renewed, ended, kept up; what workers say of them is for {@link Receipts}.
 * An operation reads a {@link LeaseBook}, an input and a time, and changes nothing: it answers the events to store and the orders
 * to send to workers once they are stored.
 *
 * <p>Time is the keeper's own clock. Deadlines are stored; what is sent to a worker is the time that remains. A lease is over
 * for the ledger only when its deadline and the bound on skew have passed, by when every worker has ended its hold alone.
 *
 * <p>Thread-safety: immutable.
 */
public final class RetentionLedger {
    private static final Comparator<Lease> DENSEST_FIRST =
            Comparator.comparing(Lease::terms, LeaseTerms.CHEAPEST_FIRST).reversed();

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

        /** The leases that it ends, as they are in a book before it. */
        public List<Lease> ending(LeaseBook before) {
            return events.stream()
                    .filter(LedgerEvent.LeasesEnded.class::isInstance)
                    .flatMap(over -> ((LedgerEvent.LeasesEnded) over).leases().stream())
                    .flatMap(id -> before.lease(id).stream())
                    .toList();
        }
    }

    /** A decision that somebody waits for. */
    public record Answered(Decision decision, LeaseAnswer answer) {}

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
            return time.bound() == LeaseAnswer.Bound.QUOTA
                    ? refused(id, LeaseAnswer.Refusal.QUOTA)
                    : new Answered(Decision.NOTHING, new LeaseAnswer.Granted(id, lease.remaining(now), time.bound()));
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

    /**
     * Has what a lease keeps in a colder tier brought to the device, by the worker that keeps most of it there; by nobody while one
     * keeps all of it on its device. Nothing is stored: an order that is lost costs the next turn a load.
     */
    public Decision prefetch(LeaseBook book, LeaseId id, LiveWorkers live) {
        List<WorkerOrder> orders = new ArrayList<>();
        book.lease(id)
                .filter(lease -> lease.steps().stream()
                        .noneMatch(step -> step.holdsOnDevice(lease.terms().prefix())))
                .flatMap(lease -> lease.steps().stream()
                        .filter(step -> step.holdsColder() && live.prefetches(step))
                        .max(Comparator.comparingInt(
                                step -> step.depth(lease.terms().prefix()))))
                .ifPresent(hold ->
                        orders.add(new WorkerOrder.Prefetch(hold.worker(), hold.incarnation(), id, book.epoch())));
        return new Decision(List.of(), orders);
    }

    /**
     * Has what a lease keeps on devices moved to the host tier there, where its terms allow it. Nothing is stored: a worker answers when it
     * has moved something, and an order that is lost leaves everything where it is.
     */
    public Decision demote(LeaseBook book, LeaseId id, LiveWorkers live) {
        List<WorkerOrder> orders = new ArrayList<>();
        book.lease(id)
                .filter(lease -> lease.terms().tiers().contains(KvTier.HOST))
                .ifPresent(lease -> lease.steps().stream()
                        .filter(step -> step.holdsOnDevice() && live.keepsIn(KvTier.HOST, step))
                        .forEach(hold -> orders.add(
                                new WorkerOrder.Demote(hold.worker(), hold.incarnation(), id, book.epoch()))));
        return new Decision(List.of(), orders);
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

    /** Holds whose time a {@link #sweep} finds over although their workers have not said that they ended. */
    public int overstayed(LeaseBook before, Decision swept) {
        List<Step> ended = swept.ending(before).stream()
                .flatMap(lease -> lease.steps().stream())
                .filter(Step::unheardOf)
                .toList();
        List<LedgerEvent> cut = swept.events().stream()
                .filter(LedgerEvent.HoldEnded.class::isInstance)
                .toList();
        return ended.size() + cut.size();
    }

    /**
     * Asks for what is missing: repairs leases with too few copies, densest first, ends those that nothing can bring back, and
     * repeats orders that are unanswered or belong to an earlier life of the keeper, and copies that found no room. Once per tick.
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
                    Stream.of(
                                    steps,
                                    steps.isEmpty()
                                            ? repair.copiesAgain(lease, settings.retryAfter(), now)
                                            : List.<Step>of(),
                                    repair.touches(lease, now))
                            .flatMap(List::stream)
                            .toList()));
            if (steps.isEmpty() && repair.hopeless(lease)) {
                hopeless.add(lease);
            }
        }
        draft.ask(plans);
        draft.end(hopeless, EndReason.NOTHING_LEFT);
        return draft.decision();
    }

    /** Ends a tenant's lease as an operator; nothing happens when the tenant has no such lease open. */
    public Decision revoke(LeaseBook book, TenantId tenant, LeaseId id, LiveWorkers live, Instant now) {
        boolean theirs = book.lease(id)
                .filter(lease -> lease.terms().tenant().equals(tenant))
                .isPresent();
        return theirs ? end(book, id, EndReason.OPERATOR, live, now) : Decision.NOTHING;
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
