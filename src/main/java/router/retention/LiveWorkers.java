package router.retention;

import java.util.Collection;
import java.util.HashSet;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import kv.Incarnation;
import kv.KvTier;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.status.ColderTiers;

/**
 * The workers that are known here and now: soft, seen by each node for itself. A stale view costs a refused order or a late
 * repair.
 *
 * <p>Thread-safety: immutable.
 */
public final class LiveWorkers {
    /** Nobody is known, which says nothing about who is gone. */
    public static final LiveWorkers UNKNOWN = new LiveWorkers(new TreeMap<>(), Set.of(), false, new Object());

    private final NavigableMap<WorkerId, LiveWorker> workers;
    private final Set<WorkerId> missing;
    private final boolean complete;
    private final Object lives;

    private LiveWorkers(
            NavigableMap<WorkerId, LiveWorker> workers, Set<WorkerId> missing, boolean complete, Object lives) {
        this.workers = workers;
        this.missing = missing;
        this.complete = complete;
        this.lives = lives;
    }

    public LiveWorkers with(LiveWorker worker) {
        NavigableMap<WorkerId, LiveWorker> next = new TreeMap<>(workers);
        LiveWorker before = next.put(worker.worker(), worker);
        return new LiveWorkers(
                next,
                otherThan(worker.worker()),
                complete,
                before != null && before.livesLike(worker) ? lives : new Object());
    }

    /** The same without a worker that is gone. */
    public LiveWorkers without(WorkerId worker) {
        return new LiveWorkers(workersBeside(worker), otherThan(worker), complete, livesBeside(worker));
    }

    /** The same without a worker that may be back soon: its node died or gave it away, and its engine may live. */
    public LiveWorkers missing(WorkerId worker) {
        Set<WorkerId> next = new HashSet<>(missing);
        next.add(worker);
        return new LiveWorkers(workersBeside(worker), next, complete, livesBeside(worker));
    }

    private Object livesBeside(WorkerId worker) {
        return workers.containsKey(worker) ? new Object() : lives;
    }

    private NavigableMap<WorkerId, LiveWorker> workersBeside(WorkerId worker) {
        NavigableMap<WorkerId, LiveWorker> next = new TreeMap<>(workers);
        next.remove(worker);
        return next;
    }

    private Set<WorkerId> otherThan(WorkerId worker) {
        Set<WorkerId> next = new HashSet<>(missing);
        next.remove(worker);
        return next;
    }

    /** The same, with the word that whoever is not known, or missing, is gone. */
    public LiveWorkers complete() {
        return new LiveWorkers(workers, missing, true, lives);
    }

    /** Whether a worker is neither here nor known to be gone. */
    public boolean mayReturn(WorkerId worker) {
        return !workers.containsKey(worker) && (!complete || missing.contains(worker));
    }

    /** Whether it is known of every worker that it is here, missing or gone. */
    boolean isComplete() {
        return complete;
    }

    public Optional<LiveWorker> find(WorkerId worker) {
        @Nullable LiveWorker found = workers.get(worker);
        return Optional.ofNullable(found);
    }

    /** The life in which a worker's word still counts; null when it is out of reach. */
    @Nullable
    Incarnation living(WorkerId worker) {
        LiveWorker known = workers.get(worker);
        return known != null && known.reachable() ? known.incarnation() : null;
    }

    /** Why a step counts no longer; empty while nothing is known against it. */
    Optional<Loss> lossOf(Step step) {
        LiveWorker known = workers.get(step.worker());
        if (known == null) {
            return mayReturn(step.worker()) ? Optional.empty() : Optional.of(Loss.UNREACHABLE);
        }
        if (!known.incarnation().equals(step.incarnation())) {
            return Optional.of(Loss.INCARNATION_OVER);
        }
        return known.reachable() ? Optional.empty() : Optional.of(Loss.UNREACHABLE);
    }

    /** Whether a step's worker lives on and can be told to bring to its device what a colder tier has. */
    boolean prefetches(Step step) {
        return told(step).filter(ColderTiers::prefetches).isPresent();
    }

    /** Whether a step's worker lives on and can be told to keep something in a tier. */
    boolean keepsIn(KvTier tier, Step step) {
        return told(step).filter(tiers -> tiers.keepsIn(tier)).isPresent();
    }

    private Optional<ColderTiers> told(Step step) {
        return find(step.worker())
                .filter(worker -> worker.reachable() && worker.incarnation().equals(step.incarnation()))
                .map(worker -> worker.facts().capabilities().tiers());
    }

    /** The same object for as long as nothing but loads changes, so that whoever works something out from the workers can keep it. */
    public Object lives() {
        return lives;
    }

    /** All of them, by name. */
    public Collection<LiveWorker> all() {
        return workers.values();
    }
}
