package router.retention;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import kv.Incarnation;
import kv.LeaseId;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * One lease and everything durable about it. Also the durable schema of snapshots.
 *
 * <p>Thread-safety: immutable.
 *
 * @param deadline by the clock of the keeper that granted or renewed it last
 * @param chargedByteSeconds what its tenant's quota was charged and has not got back
 * @param tried whether any worker answered or ended since
 * @param steps by worker and kind
 * @param ending null while the lease is open
 * @param owners sessions that share it; empty for a lease of one session
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Lease(
        LeaseTerms terms,
        Instant grantedAt,
        Instant deadline,
        long chargedByteSeconds,
        boolean tried,
        List<Step> steps,
        @Nullable Ending ending,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) @JsonSetter(nulls = Nulls.AS_EMPTY) List<Owner> owners) {
    private static final Comparator<Step> ORDER =
            Comparator.comparing(Step::worker).thenComparing(Step::kind);

    /**
     * How a lease ended.
     *
     * @param lost blocks that were out of reach then
     */
    public record Ending(EndReason reason, List<BlockRange> lost, Instant at) {
        public Ending {
            lost = List.copyOf(lost);
        }
    }

    public Lease {
        steps = List.copyOf(steps);
        owners = List.copyOf(owners);
    }

    static Lease granted(LedgerEvent.LeaseGranted event) {
        return new Lease(
                event.terms(),
                event.at(),
                event.deadline(),
                event.chargedByteSeconds(),
                false,
                event.steps(),
                null,
                List.of());
    }

    public LeaseId id() {
        return terms.id();
    }

    public LeaseState state() {
        if (ending != null) {
            return ending.reason().state();
        }
        if (copies() >= terms.minCopies()) {
            return LeaseState.HELD;
        }
        return tried ? LeaseState.DEGRADED : LeaseState.REQUESTED;
    }

    /** Acknowledged copies: workers that hold the whole prefix, and stored copies. */
    public int copies() {
        return (int) steps.stream()
                .filter(step -> step.stored() || (step.kind() == Step.Kind.HOLD && step.grants(terms.prefix())))
                .count();
    }

    /** Copies in storage, which outlive every worker. */
    public List<StoredCopy> storedCopies() {
        List<StoredCopy> copies = new ArrayList<>();
        for (Step step : steps) {
            if (step.stored() && step.copy() != null) {
                copies.add(step.copy());
            }
        }
        return copies;
    }

    /** Workers that acknowledged a hold of the prefix, or of its beginning, and have not taken it back. */
    public List<Holder> holders() {
        return steps.stream()
                .filter(step -> step.kind() == Step.Kind.HOLD && step.granted())
                .map(step -> new Holder(step.worker(), step.incarnation(), step.depth(terms.prefix())))
                .toList();
    }

    /** Blocks of the prefix that, by all that is known, nobody has any more. */
    public List<BlockRange> lost() {
        if (ending != null) {
            return ending.lost();
        }
        int blocks = terms.prefix().blocks();
        int depth = steps.stream()
                .mapToInt(step -> step.depth(terms.prefix()))
                .max()
                .orElse(0);
        boolean unknown = !tried && steps.stream().anyMatch(Step::pending);
        return depth >= blocks || unknown ? List.of() : List.of(new BlockRange(depth, blocks));
    }

    /** Time until the deadline, zero when it has passed. */
    public Duration remaining(Instant now) {
        return now.isAfter(deadline) ? Duration.ZERO : Duration.between(now, deadline);
    }

    /** Whether a worker has, or may have, a hold of this lease. */
    public boolean mayBeHeldAt(WorkerId worker) {
        return step(Step.Kind.HOLD, worker)
                .filter(step -> step.pending() || step.granted())
                .isPresent();
    }

    public Optional<Step> step(Step.Kind kind, WorkerId worker) {
        return steps.stream().filter(step -> step.is(kind, worker)).findFirst();
    }

    /** Whether the whole prefix is in a worker's cache, protected or not. */
    boolean residentAt(WorkerId worker) {
        return steps.stream()
                .anyMatch(
                        step -> step.worker().equals(worker) && (step.grants(terms.prefix()) || step.leavesResident()));
    }

    /** Whether a worker is likely to have the prefix: it said so, or computed it and was not asked to hold it. */
    boolean probablyAt(WorkerId worker) {
        return residentAt(worker)
                || (worker.equals(terms.home()) && step(Step.Kind.HOLD, worker).isEmpty());
    }

    /** The last step that ended, if that was because its worker wanted the room. */
    boolean yielded() {
        return steps.stream()
                .map(Step::ended)
                .flatMap(Stream::ofNullable)
                .max(Comparator.comparing(Step.Ended::at))
                .filter(last -> last.reason().revoked())
                .isPresent();
    }

    Lease renewed(Instant newDeadline, long newCharge) {
        return new Lease(terms, grantedAt, newDeadline, newCharge, tried, steps, ending, owners);
    }

    Lease asked(List<Step> asked) {
        List<Step> next = new ArrayList<>(steps);
        for (Step step : asked) {
            next.removeIf(old -> old.is(step.kind(), step.worker()) || overtaken(old, step));
            next.add(step);
        }
        next.sort(ORDER);
        return with(tried, next);
    }

    /** What a worker said of holding a prefix counts no longer once it is to compute it, unless it never can hold one. */
    private static boolean overtaken(Step old, Step by) {
        return by.kind() == Step.Kind.WARM
                && old.is(Step.Kind.HOLD, by.worker())
                && !old.unholdableAt(by.incarnation());
    }

    Lease answered(LedgerEvent.ReceiptRecorded event) {
        boolean absent = event.kind() == Step.Kind.HOLD
                && event.receipt() instanceof Receipt.Rejected rejected
                && rejected.reason() == Receipt.Reason.NOT_RESIDENT;
        return each(step -> {
            if (step.is(event.kind(), event.worker())) {
                return step.answered(event.receipt(), event.until(), event.copy());
            }
            // Computed, but thrown out before it could be held.
            return absent && step.is(Step.Kind.WARM, event.worker()) && step.granted()
                    ? step.ended(Loss.EVICTED, null, event.at())
                    : step;
        });
    }

    Lease holdEnded(LedgerEvent.HoldEnded event) {
        return each(step -> {
            // What was computed here went with the hold; a hold of less says that some of it did.
            boolean about = step.worker().equals(event.worker())
                    && step.kind() != Step.Kind.COPY
                    && !step.over()
                    && (step.granted() || event.left() == null);
            return about ? step.ended(event.reason(), event.left(), event.at()) : step;
        });
    }

    /** Ends whatever depends on a life of a worker that is not the given one. */
    Lease voided(WorkerId worker, @Nullable Incarnation living, Loss reason, Instant at) {
        return each(step ->
                claimedAt(step, worker) && !step.incarnation().equals(living) ? step.ended(reason, null, at) : step);
    }

    private static boolean claimedAt(Step step, WorkerId worker) {
        return step.worker().equals(worker) && !step.over() && !step.stored();
    }

    Lease ended(EndReason reason, Instant at) {
        return new Lease(terms, grantedAt, deadline, 0, tried, steps, new Ending(reason, lost(), at), owners);
    }

    Lease ownedBy(List<Owner> sessions) {
        return new Lease(terms, grantedAt, deadline, chargedByteSeconds, tried, steps, ending, sessions);
    }

    private Lease each(UnaryOperator<Step> change) {
        List<Step> next = steps.stream().map(change).toList();
        return with(tried || !next.equals(steps), next);
    }

    private Lease with(boolean nowTried, List<Step> next) {
        return new Lease(terms, grantedAt, deadline, chargedByteSeconds, nowTried, next, ending, owners);
    }
}
