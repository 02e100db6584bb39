package router.retention;

import inference.SessionId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import kv.LeaseId;
import kv.WorkerId;

/**
 * How far the leases that depended on a draining worker have been moved away from it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param moved open leases that are kept elsewhere instead
 * @param moving leases that depend on it still, and may be moved
 * @param stuck leases that depend on it and cannot be moved: what the worker's end will cost
 * @param named the first of the stuck ones, as many as a message holds
 */
public record Evacuation(int moved, int moving, int stuck, List<Stuck> named) {
    /** At some 300 bytes each, a message stays below 64 KiB. */
    private static final int MOST_NAMED = 200;

    /** Nothing depends on the worker. */
    public static final Evacuation NONE = new Evacuation(0, 0, 0, List.of());

    /** A lease that would be lost with the worker. */
    public record Stuck(LeaseId lease, SessionId session, int blocks) {}

    public Evacuation {
        named = named.size() > MOST_NAMED ? List.copyOf(named.subList(0, MOST_NAMED)) : List.copyOf(named);
    }

    /** Both together. */
    public Evacuation and(Evacuation other) {
        return new Evacuation(
                moved + other.moved,
                moving + other.moving,
                stuck + other.stuck,
                Stream.concat(named.stream(), other.named.stream()).toList());
    }

    static Evacuation of(LeaseBook book, LiveWorkers live, WorkerId worker) {
        Repair repair = new Repair(book, live, 0);
        int moved = 0;
        int moving = 0;
        List<Stuck> stuck = new ArrayList<>();
        for (Lease lease : book.leases()) {
            if (lease.terms().guess()) {
                continue; // nobody has asked for it yet
            }
            if (dependsOn(lease, worker, repair)) {
                if (repair.mayMoveFrom(lease, worker)) {
                    moving++;
                } else {
                    stuck.add(new Stuck(
                            lease.id(),
                            lease.terms().session(),
                            lease.terms().prefix().blocks()));
                }
            } else if (wasAt(lease, worker)) {
                moved++;
            }
        }
        return new Evacuation(moved, moving, stuck.size(), stuck);
    }

    private static boolean dependsOn(Lease lease, WorkerId worker, Repair repair) {
        return (lease.mayBeHeldAt(worker) || lease.probablyAt(worker)) && !repair.movedFrom(lease, worker);
    }

    private static boolean wasAt(Lease lease, WorkerId worker) {
        return worker.equals(lease.terms().home())
                || lease.step(Step.Kind.HOLD, worker).isPresent();
    }
}
