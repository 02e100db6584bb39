package router.retention;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import kv.Receipt;
import kv.WorkerId;
import workers.status.WorkerState;

/**
 * What to ask of workers when a lease has fewer copies than it wants. In this order, each only for what is still missing:
 * another worker that probably has the prefix (its home, a former holder in another life, a holder of another lease on the
 * same prefix); a stored copy, written by a worker that has it; the cheapest worker that could compute it.
 *
 * <p>A guess is computed once, at its home, and held there; nothing of it is repaired.
 *
 * <p>A stored copy survives every worker, so nothing is computed again while there is one. A prefix that is resident but
 * unprotected, because its worker has no way to hold it or no budget, is not computed elsewhere either. What lies on a draining
 * worker counts as missing.
 *
 * <p>One look at the book: create it anew for each.
 *
 * <p>Thread-safety: confined to its actor.
 */
final class Repair {
    private final LeaseBook book;
    private final LiveWorkers live;
    private final Recomputation recomputation;

    /** @param maxWarming warm orders that may be open at once, those of the book included; 0 for none from this look */
    Repair(LeaseBook book, LiveWorkers live, int maxWarming) {
        this.book = book;
        this.live = live;
        this.recomputation = new Recomputation(book, live, maxWarming);
    }

    /**
     * Whether nothing is to be done for a lease: it is held whole, until its deadline, by as many workers as it wants copies, and they
     * have said so in this life of the keeper. Nearly every lease is, at nearly every look.
     */
    boolean settled(Lease lease, OpenOrders open) {
        for (Step step : lease.steps()) {
            if (!settles(lease, step) || !open.confirmed(lease, step)) {
                return false;
            }
        }
        return !lease.terms().guess() && lease.steps().size() >= lease.terms().minCopies();
    }

    private boolean settles(Lease lease, Step hold) {
        return hold.kind() == Step.Kind.HOLD
                && hold.receipt() instanceof Receipt.Accepted
                && hold.ended() == null
                && hold.until() != null
                && !hold.until().isBefore(lease.deadline())
                && live.find(hold.worker())
                        .filter(worker -> worker.state().accepting()
                                && worker.incarnation().equals(hold.incarnation()))
                        .isPresent();
    }

    /** Steps to ask for now; none when enough is there or asked for. */
    List<Step> next(Lease lease) {
        List<Step> steps = new ArrayList<>();
        lease.steps().stream()
                .filter(step -> step.kind() == Step.Kind.WARM && step.granted())
                .flatMap(step -> live.find(step.worker()).stream())
                .filter(worker -> holdable(lease, worker) || evictedAt(lease, worker))
                .forEach(worker -> steps.add(Step.asked(Step.Kind.HOLD, worker)));
        if (lease.terms().guess()) {
            home(lease)
                    .filter(worker -> worker.couldRun(lease.terms())
                            && lease.step(Step.Kind.WARM, worker.worker()).isEmpty())
                    .ifPresent(worker -> steps.add(Step.asked(Step.Kind.WARM, worker)));
            return steps;
        }
        int missing = lease.terms().minCopies() - expected(lease);
        if (missing <= 0) {
            return steps;
        }
        List<LiveWorker> holders = holders(lease)
                .filter(worker -> steps.stream().noneMatch(step -> step.worker().equals(worker.worker())))
                .limit(missing)
                .toList();
        holders.forEach(worker -> steps.add(Step.asked(Step.Kind.HOLD, worker)));
        missing -= holders.size();
        if (missing > 0 && lease.storedCopies().isEmpty()) {
            Optional<LiveWorker> writer = writer(lease);
            writer.ifPresent(worker -> steps.add(Step.asked(Step.Kind.COPY, worker)));
            boolean copyToCome = writer.isPresent() || mayWriteSoon(lease, steps);
            steps.addAll(recomputation.warm(lease, missing - (copyToCome ? 1 : 0), steps));
        }
        return steps;
    }

    /**
     * A copy to be asked for once more, because storage that had no room for it may have some: at most one.
     *
     * @param worthwhile time that the lease must have left for it: a copy stops its server and ends with the lease
     */
    List<Step> copiesAgain(Lease lease, Duration worthwhile, Instant now) {
        boolean wanted = !lease.deadline().isBefore(now.plus(worthwhile))
                && lease.storedCopies().isEmpty()
                && expected(lease) < lease.terms().minCopies();
        return lease.steps().stream()
                .filter(step -> wanted && step.mayFindRoom(now) && lease.probablyAt(step.worker()))
                .flatMap(step -> live
                        .find(step.worker())
                        .filter(worker ->
                                worker.reachable() && worker.incarnation().equals(step.incarnation()))
                        .stream())
                .limit(1)
                .map(worker -> Step.asked(Step.Kind.COPY, worker))
                .toList();
    }

    /** See {@link Recomputation#touches}. */
    List<Step> touches(Lease lease, Instant now) {
        return recomputation.touches(lease, now);
    }

    /** Holds on draining workers that a lease needs no longer. */
    List<Step> leavable(Lease lease) {
        return lease.steps().stream()
                .filter(step -> step.kind() == Step.Kind.HOLD
                        && step.granted()
                        && live.find(step.worker())
                                .filter(worker -> worker.state() == WorkerState.DRAINING)
                                .isPresent()
                        && movedFrom(lease, step.worker()))
                .toList();
    }

    /**
     * Whether a lease needs a draining worker no longer: other workers and storage have as many copies as it wants, or all that
     * can be had.
     */
    boolean movedFrom(Lease lease, WorkerId draining) {
        int elsewhere = copiesBeside(lease, draining);
        return elsewhere >= lease.terms().minCopies() || (elsewhere > 0 && !mayMoveFrom(lease, draining));
    }

    /** Whether a copy beside a draining worker's is asked for, or could be. */
    boolean mayMoveFrom(Lease lease, WorkerId draining) {
        return lease.steps().stream()
                        .anyMatch(step -> !step.worker().equals(draining)
                                && (step.pending() || (step.kind() == Step.Kind.WARM && step.granted())))
                || lease.steps().stream().anyMatch(step -> step.kind() == Step.Kind.COPY && step.pending())
                || holders(lease).anyMatch(worker -> !worker.worker().equals(draining))
                || (lease.storedCopies().isEmpty()
                        && (writer(lease).isPresent()
                                || recomputation.warmable(lease).anyMatch(worker -> !worker.worker()
                                        .equals(draining))));
    }

    private int copiesBeside(Lease lease, WorkerId draining) {
        return (int) lease.steps().stream()
                .filter(step -> step.stored()
                        || (step.kind() == Step.Kind.HOLD
                                && step.grants(lease.terms().prefix())
                                && !step.worker().equals(draining)
                                && live.find(step.worker())
                                        .filter(worker -> worker.state().accepting())
                                        .isPresent()))
                .count();
    }

    /** Whether nothing of a lease is left or to come, and nothing can bring it back. */
    boolean hopeless(Lease lease) {
        WorkerId home = lease.terms().home();
        boolean nothingLeft = live.isComplete()
                && (home == null || !live.mayReturn(home))
                && lease.steps().stream().noneMatch(step -> step.pending() || step.granted() || step.leavesResident());
        if (lease.terms().guess()) {
            return nothingLeft && next(lease).isEmpty();
        }
        return nothingLeft && holders(lease).findAny().isEmpty() && !Recomputation.computable(lease);
    }

    private Optional<LiveWorker> home(Lease lease) {
        return Optional.ofNullable(lease.terms().home()).flatMap(live::find);
    }

    /** Copies that are there, asked for or still to be asked for: workers by themselves, and storage. */
    private int expected(Lease lease) {
        Stream<WorkerId> told = lease.steps().stream()
                .filter(step -> step.kind() != Step.Kind.COPY)
                .filter(step -> step.pending() || step.grants(lease.terms().prefix()) || step.leavesResident())
                .map(Step::worker)
                .filter(worker -> live.find(worker)
                        .map(known -> known.state().accepting())
                        .orElse(live.mayReturn(worker)));
        long workers = Stream.concat(told, askable(lease)).distinct().count();
        long stored = lease.steps().stream()
                .filter(step -> step.stored() || (step.kind() == Step.Kind.COPY && step.pending()))
                .count();
        return (int) (workers + stored);
    }

    /**
     * Workers that will be asked whether they have the prefix as soon as they are seen here: its home before it is known or while it
     * is missing, and holders in another life that they have told of themselves, which is known here a moment later.
     */
    private Stream<WorkerId> askable(Lease lease) {
        Stream<WorkerId> home = Stream.ofNullable(lease.terms().home())
                .filter(worker -> live.mayReturn(worker)
                        && lease.step(Step.Kind.HOLD, worker).isEmpty());
        Stream<WorkerId> reborn = lease.steps().stream()
                .filter(step -> step.kind() == Step.Kind.HOLD && step.ended() != null)
                .filter(step -> Objects.requireNonNull(step.ended()).reason() == Loss.INCARNATION_OVER)
                .filter(step -> live.find(step.worker())
                        .map(known -> known.incarnation().equals(step.incarnation()))
                        .orElse(live.mayReturn(step.worker())))
                .map(Step::worker);
        return Stream.concat(home, reborn);
    }

    /** Workers that probably have the prefix and were not asked in their present life. */
    private Stream<LiveWorker> holders(Lease lease) {
        WorkerId home = lease.terms().home();
        Stream<WorkerId> former = lease.steps().stream()
                .filter(step -> step.kind() == Step.Kind.HOLD)
                .map(Step::worker);
        Stream<WorkerId> sharing = book.on(lease.terms().prefix()).stream()
                .filter(other -> !other.id().equals(lease.id())
                        && other.terms().tenant().equals(lease.terms().tenant())
                        && other.terms().model().equals(lease.terms().model()))
                .flatMap(other -> other.steps().stream())
                .filter(step -> step.grants(lease.terms().prefix()))
                .map(Step::worker);
        return Stream.concat(Stream.ofNullable(home), Stream.concat(former, sharing))
                .distinct()
                .flatMap(worker -> live.find(worker).stream())
                .filter(worker -> holdable(lease, worker));
    }

    /** Whether a worker has not been asked to hold a prefix in its present life, or ended its hold without taking the room back. */
    static boolean holdable(Lease lease, LiveWorker worker) {
        if (!worker.state().accepting()) {
            return false;
        }
        Optional<Step> before = lease.step(Step.Kind.HOLD, worker.worker());
        return before.isEmpty()
                || !before.get().incarnation().equals(worker.incarnation())
                || Optional.ofNullable(before.get().ended())
                        .filter(over -> over.reason() == Loss.EXPIRED
                                || over.reason() == Loss.MOVED
                                || over.reason() == Loss.UNREACHABLE)
                        .isPresent();
    }

    /** Whether its hold was lost there, to be asked for again if the prefix has been computed since, or was said to be. */
    private static boolean evictedAt(Lease lease, LiveWorker worker) {
        return worker.state().accepting()
                && lease.step(Step.Kind.HOLD, worker.worker())
                        .filter(Step::over)
                        .map(Step::ended)
                        .filter(over -> over.reason() == Loss.EVICTED)
                        .isPresent();
    }

    private Optional<LiveWorker> writer(Lease lease) {
        boolean pending = lease.steps().stream().anyMatch(step -> step.kind() == Step.Kind.COPY && step.pending());
        if (pending || !writable(lease)) {
            return Optional.empty();
        }
        return live.all().stream()
                .filter(worker -> writes(lease, worker) && lease.probablyAt(worker.worker()))
                .findFirst();
    }

    /** Whether somebody who writes copies has yet to say that it holds the prefix: until then it is not computed elsewhere instead. */
    private boolean mayWriteSoon(Lease lease, List<Step> asked) {
        return writable(lease)
                && Stream.concat(lease.steps().stream(), asked.stream())
                        .filter(step -> step.kind() == Step.Kind.HOLD && step.pending())
                        .flatMap(step -> live.find(step.worker()).stream())
                        .anyMatch(worker -> writes(lease, worker));
    }

    private static boolean writable(Lease lease) {
        return lease.terms().storable() && lease.terms().conversation() != null;
    }

    private static boolean writes(Lease lease, LiveWorker worker) {
        return worker.reachable() && worker.facts().capabilities().copies() && !asked(lease, Step.Kind.COPY, worker);
    }

    static boolean asked(Lease lease, Step.Kind kind, LiveWorker worker) {
        return lease.step(kind, worker.worker())
                .filter(step -> step.incarnation().equals(worker.incarnation()))
                .isPresent();
    }
}
