package router.retention;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import kv.Receipt;
import org.jspecify.annotations.Nullable;
import router.retention.RetentionLedger.Decision;

/**
 * What workers say of a ledger's leases, and what follows from it: a receipt is recorded, a lease that got less than it asked for is
 * repaired or ends. As an operation of {@link RetentionLedger}, each changes nothing by itself.
 *
 * <p>Thread-safety: immutable.
 */
public final class Receipts {
    private static final Receipt ANOTHER_LIFE = new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION);

    /**
     * A copy that found no room is asked for again when one part in so many of the lease's time is over, often where it is short, but no
     * sooner than an order without an answer.
     */
    private static final int NO_ROOM_ASKS = 4;

    private final LedgerSettings settings;

    public Receipts(LedgerSettings settings) {
        this.settings = settings;
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
        Draft draft = new Draft(book, live, settings, now);
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
            Lease answered = open.get().answered(recorded);
            settle(draft, book, answered, answered.yielded(), live, now);
        }
        return draft.decision();
    }

    /** An answer that is not for {@link #answered}, because it was overtaken or is about an earlier lease of the same id. */
    public Decision overtaken(LeaseBook book, WorkerAnswer answer, LiveWorkers live, Instant now) {
        Draft draft = new Draft(book, live, settings, now);
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

    private @Nullable Instant until(
            WorkerAnswer answer, Step step, @Nullable Instant asked, Instant deadline, Instant now) {
        if (answer.receipt() instanceof Receipt.Deferred deferred) {
            return now.plus(deferred.retryAfter());
        }
        if (Step.foundNoRoom(answer.kind(), answer.receipt())) {
            Duration part = Duration.between(now, deadline).dividedBy(NO_ROOM_ASKS);
            return now.plus(part.compareTo(settings.retryAfter()) < 0 ? settings.retryAfter() : part);
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
        Draft draft = new Draft(book, live, settings, now);
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
            Lease answered = open.get().answered(recorded);
            settle(draft, book, answered, answered.yielded(), live, now);
        } else {
            LedgerEvent.HoldEnded ended =
                    new LedgerEvent.HoldEnded(over.lease(), over.worker(), over.reason(), over.left(), now);
            draft.add(ended);
            settle(draft, book, open.get().holdEnded(ended), over.reason().revoked(), live, now);
        }
        return draft.decision();
    }

    /**
     * Repairs a lease by what is at hand; ends it if its last holder wanted the room, or if nothing is left. One whose time is over is
     * left to its end, so that it goes on saying what was acknowledged and observed of it.
     *
     * @param yielded whether the last that ended of it gave its room to something else
     */
    private static void settle(
            Draft draft, LeaseBook book, Lease lease, boolean yielded, LiveWorkers live, Instant now) {
        if (!lease.deadline().isAfter(now)) {
            return;
        }
        Repair repair = new Repair(book, live, 0);
        boolean idle = lease.steps().stream().noneMatch(step -> step.pending() || step.granted());
        if (idle && yielded) {
            draft.end(List.of(lease), EndReason.WORKER);
        } else if (repair.hopeless(lease)) {
            draft.end(List.of(lease), EndReason.NOTHING_LEFT);
        } else {
            draft.ask(List.of(new LedgerEvent.Plan(lease.id(), repair.next(lease))));
        }
    }
}
