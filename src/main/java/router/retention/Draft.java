package router.retention;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import kv.Hold;
import kv.Incarnation;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * Events and orders of one operation while it is thought out.
 *
 * <p>Thread-safety: confined to its operation.
 */
final class Draft {
    private final LeaseBook book;
    private final LiveWorkers live;
    private final LedgerSettings settings;
    private final Instant now;
    private final List<LedgerEvent> events = new ArrayList<>();
    private final List<WorkerOrder> orders = new ArrayList<>();

    Draft(LeaseBook book, LiveWorkers live, LedgerSettings settings, Instant now) {
        this.book = book;
        this.live = live;
        this.settings = settings;
        this.now = now;
    }

    RetentionLedger.Decision decision() {
        return new RetentionLedger.Decision(events, orders);
    }

    void add(LedgerEvent event) {
        events.add(event);
    }

    void add(RetentionLedger.Decision decision) {
        events.addAll(decision.events());
        orders.addAll(decision.orders());
    }

    /** Ends leases, as they are after what was drafted before. */
    void end(List<Lease> leases, EndReason reason) {
        if (!leases.isEmpty()) {
            add(new LedgerEvent.LeasesEnded(leases.stream().map(Lease::id).toList(), reason, now));
            leases.forEach(lease -> undo(lease.ended(reason, now)));
        }
    }

    /**
     * Orders that leave nothing of a lease that ended: its holds, unless they end by themselves now or a lease of the same id
     * has them now, and its copies. Every worker that was ever asked is told: what was heard last of a hold may be about an
     * earlier one.
     */
    void undo(Lease lease) {
        Lease.Ending ending = lease.ending();
        if (ending == null || ending.reason() != EndReason.DEADLINE) {
            lease.steps().stream()
                    .map(Step::worker)
                    .distinct()
                    .filter(worker -> book.lease(lease.id())
                            .filter(same -> same.grantedAt().isAfter(lease.grantedAt()) && same.mayBeHeldAt(worker))
                            .isEmpty())
                    .forEach(worker -> orders.add(new WorkerOrder.ReleaseHold(worker, lease.id(), book.epoch())));
        }
        for (Step step : lease.steps()) {
            if (step.stored() && step.copy() != null) {
                discard(step.worker(), step.copy());
            }
        }
    }

    /** Undoes what an answer speaks of although nobody wants it any more: a hold without a lease, a copy that its lease has not. */
    void undo(WorkerAnswer late) {
        Optional<Lease> open = book.lease(late.lease());
        if (late.kind() == Step.Kind.HOLD && late.granted() && open.isEmpty()) {
            orders.add(new WorkerOrder.ReleaseHold(late.worker(), late.lease(), book.epoch()));
        }
        StoredCopy copy = late.copy();
        if (copy != null
                && open.filter(lease -> lease.storedCopies().contains(copy)).isEmpty()) {
            discard(late.worker(), copy);
        }
    }

    /** Gives up holds that a lease has enough of elsewhere. */
    void moved(List<Step> holds, Lease lease) {
        for (Step hold : holds) {
            add(new LedgerEvent.HoldEnded(lease.id(), hold.worker(), Loss.MOVED, null, now));
            orders.add(new WorkerOrder.ReleaseHold(hold.worker(), lease.id(), book.epoch()));
        }
    }

    private void discard(WorkerId writer, StoredCopy copy) {
        Optional<WorkerId> reader = live.find(writer)
                .or(() -> live.all().stream()
                        .filter(worker -> worker.facts().capabilities().copies())
                        .min(Comparator.comparing(LiveWorker::worker)))
                .map(LiveWorker::worker);
        orders.add(new WorkerOrder.DiscardCopy(reader.orElse(writer), copy.location()));
    }

    /** Plans steps for leases, those with none left out: one event for all of them. */
    void ask(List<LedgerEvent.Plan> plans) {
        List<LedgerEvent.Plan> real =
                plans.stream().filter(plan -> !plan.steps().isEmpty()).toList();
        if (!real.isEmpty()) {
            add(new LedgerEvent.StepsPlanned(real, now));
            for (LedgerEvent.Plan plan : real) {
                book.lease(plan.lease()).ifPresent(lease -> order(lease, plan.steps()));
            }
        }
    }

    /** Orders for steps of a lease. */
    void order(Lease lease, List<Step> steps) {
        steps.forEach(step -> order(lease, step));
    }

    /** Orders for what a lease awaits, or had acknowledged for shorter or in an earlier life of the keeper. */
    void repeat(Lease lease, OpenOrders open) {
        for (Step step : lease.steps()) {
            boolean there = live.find(step.worker())
                    .filter(worker -> worker.reachable() && worker.incarnation().equals(step.incarnation()))
                    .isPresent();
            Lease wanted = SharedLeases.forHold(lease, step, open);
            if (there && wanting(wanted, step, open) && open.due(lease, step, now, settings.retryAfter())) {
                order(wanted, step);
            }
        }
    }

    private boolean wanting(Lease lease, Step step, OpenOrders open) {
        Instant until = step.until();
        if (step.pending()) {
            return until == null || !until.isAfter(now);
        }
        boolean shorter =
                step.receipt() instanceof Receipt.Accepted && until != null && until.isBefore(lease.deadline());
        return step.kind() == Step.Kind.HOLD && step.granted() && (shorter || !open.confirmed(lease, step));
    }

    private void order(Lease lease, Step step) {
        LeaseTerms terms = lease.terms();
        WorkerId worker = step.worker();
        Incarnation incarnation = step.incarnation();
        if (step.kind() == Step.Kind.HOLD) {
            Hold hold = hold(lease);
            if (hold != null) {
                orders.add(new WorkerOrder.PlaceHold(worker, incarnation, hold));
            }
        } else if (terms.conversation() != null) {
            orders.add(
                    step.kind() == Step.Kind.WARM
                            ? new WorkerOrder.Warm(
                                    worker,
                                    incarnation,
                                    lease.id(),
                                    book.epoch(),
                                    terms.prefix(),
                                    terms.conversation(),
                                    terms.guess(),
                                    source(lease, worker))
                            : new WorkerOrder.Copy(
                                    worker,
                                    incarnation,
                                    book.ledger(),
                                    lease.id(),
                                    book.epoch(),
                                    terms.prefix(),
                                    terms.conversation()));
        }
    }

    /**
     * A worker whose engine another one can take the prefix over from, null for none: one that holds all of it, else one that probably
     * has it, as where a turn ran that has just ended and nobody has answered yet whether it is held.
     */
    private @Nullable WorkerId source(Lease lease, WorkerId target) {
        if (!pulls(target)) {
            return null;
        }
        return live.all().stream()
                .filter(worker ->
                        worker.reachable() && (lease.probablyAt(worker.worker()) || lease.mayBeHeldAt(worker.worker())))
                .map(LiveWorker::worker)
                .filter(worker -> !worker.equals(target) && pulls(worker))
                .min(Comparator.comparing(worker -> !lease.residentAt(worker)))
                .orElse(null);
    }

    private boolean pulls(WorkerId worker) {
        return live.find(worker)
                .filter(known -> known.facts().capabilities().tiers().pulls())
                .isPresent();
    }

    /** Null when the deadline has passed. A clock that went back grants no more than a lease may have. */
    private @Nullable Hold hold(Lease lease) {
        LeaseTerms terms = lease.terms();
        Duration remaining = lease.remaining(now);
        Duration bounded = remaining.compareTo(settings.maxLease()) > 0 ? settings.maxLease() : remaining;
        return bounded.isZero()
                ? null
                : new Hold(
                        lease.id(),
                        book.epoch(),
                        terms.prefix(),
                        terms.retentionClass(),
                        terms.tiers(),
                        terms.priority(),
                        terms.density(),
                        bounded);
    }
}
