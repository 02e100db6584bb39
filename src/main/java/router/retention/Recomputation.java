package router.retention;

import com.dynatrace.hash4j.hashing.Hashing;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import kv.Receipt;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * Which workers are to compute prefixes again: the last resort of {@link Repair}, and the way to keep a prefix in an engine that cannot
 * hold. At most so many are computed at the same time.
 *
 * <p>One look at the book: create it anew for each.
 *
 * <p>Thread-safety: confined to its actor.
 */
final class Recomputation {
    private final LiveWorkers live;
    private final Map<WorkerId, Integer> warming = new HashMap<>();
    private int warmsLeft;

    /** @param maxWarming see {@link Repair} */
    Recomputation(LeaseBook book, LiveWorkers live, int maxWarming) {
        this.live = live;
        this.warmsLeft = maxWarming;
        if (maxWarming > 0) {
            for (Lease lease : book.leases()) {
                lease.steps().stream()
                        .filter(step -> step.kind() == Step.Kind.WARM && step.pending())
                        .forEach(step -> warms(step.worker()));
            }
        }
    }

    private void warms(WorkerId worker) {
        warming.merge(worker, 1, Integer::sum);
        warmsLeft--;
    }

    /**
     * Workers that are to compute what is missing, the cheapest first, as far as the budget goes.
     *
     * @param asked steps that the lease is to have besides
     */
    List<Step> warm(Lease lease, int missing, List<Step> asked) {
        List<Step> steps = new ArrayList<>();
        if (missing <= 0) {
            return steps;
        }
        warmable(lease)
                .filter(worker -> asked.stream().noneMatch(step -> step.worker().equals(worker.worker())))
                .sorted(Comparator.comparing((LiveWorker worker) ->
                                !worker.facts().capabilities().holds())
                        .thenComparing(worker -> worker.load().requests() + warming.getOrDefault(worker.worker(), 0))
                        .thenComparing(worker -> tie(lease, worker)))
                .limit(Math.min(missing, Math.max(0, warmsLeft)))
                .toList()
                .forEach(worker -> {
                    steps.add(Step.asked(Step.Kind.WARM, worker));
                    warms(worker.worker());
                });
        return steps;
    }

    /**
     * Order of equal workers, another one for each prefix: keepers that know nothing of each other's choices, as after a restart
     * of everything, begin with different workers.
     */
    private static long tie(Lease lease, LiveWorker worker) {
        return Hashing.xxh3_64()
                .hashStream()
                .putLong(lease.terms().prefix().tail().value())
                .putString(worker.worker().url())
                .getAsLong();
    }

    /** Workers that could compute the prefix and were not asked to in their present life. */
    Stream<LiveWorker> warmable(Lease lease) {
        return !computable(lease)
                ? Stream.empty()
                : live.all().stream()
                        .filter(worker -> worker.couldRun(lease.terms())
                                && !Repair.asked(lease, Step.Kind.WARM, worker)
                                && !lease.residentAt(worker.worker())
                                && !lease.mayBeHeldAt(worker.worker())
                                && !yieldedAt(lease, worker));
    }

    static boolean computable(Lease lease) {
        return lease.terms().conversation() != null
                && lease.terms().density() > 0
                && lease.steps().stream()
                        .noneMatch(step -> step.receipt() instanceof Receipt.Rejected rejected
                                && rejected.reason() == Receipt.Reason.CONTENT_UNKNOWN);
    }

    /**
     * The prefix computed once more where the engine has a cache but cannot hold: the only way to make it look used lately. Not while
     * requests wait there.
     */
    List<Step> touches(Lease lease, Instant now) {
        if (lease.terms().guess() || !computable(lease)) {
            return List.of();
        }
        List<Step> steps = new ArrayList<>();
        for (LiveWorker worker : live.all()) {
            if (warmsLeft > 0
                    && worker.couldRun(lease.terms())
                    && worker.load().waitingRequests() == 0
                    && untouched(lease, worker, now)) {
                steps.add(Step.asked(Step.Kind.WARM, worker));
                warms(worker.worker());
            }
        }
        return steps;
    }

    private static boolean untouched(Lease lease, LiveWorker worker, Instant now) {
        return lease.step(Step.Kind.HOLD, worker.worker())
                        .filter(hold -> hold.unholdableAt(worker.incarnation()) && passed(hold.until(), now))
                        .isPresent()
                && lease.step(Step.Kind.WARM, worker.worker())
                        .filter(warm -> warm.pending()
                                || warm.receipt() instanceof Receipt.Unsupported
                                || (warm.until() != null && !passed(warm.until(), now)))
                        .isEmpty();
    }

    private static boolean passed(@Nullable Instant due, Instant now) {
        return due != null && !due.isAfter(now);
    }

    private static boolean yieldedAt(Lease lease, LiveWorker worker) {
        return lease.step(Step.Kind.HOLD, worker.worker())
                .filter(step -> step.incarnation().equals(worker.incarnation()))
                .map(Step::ended)
                .filter(over -> over.reason().revoked())
                .isPresent();
    }
}
