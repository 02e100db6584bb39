package router.retention;

import java.util.Collection;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import kv.Incarnation;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * The workers that are known here and now: soft, seen by each node for itself. A stale view costs a refused order or a late
 * repair.
 *
 * <p>Thread-safety: immutable.
 */
public final class LiveWorkers {
    /** Nobody is known, which says nothing about who is gone. */
    public static final LiveWorkers UNKNOWN = new LiveWorkers(new TreeMap<>(), false);

    private final NavigableMap<WorkerId, LiveWorker> workers;
    private final boolean complete;

    private LiveWorkers(NavigableMap<WorkerId, LiveWorker> workers, boolean complete) {
        this.workers = workers;
        this.complete = complete;
    }

    public LiveWorkers with(LiveWorker worker) {
        NavigableMap<WorkerId, LiveWorker> next = new TreeMap<>(workers);
        next.put(worker.worker(), worker);
        return new LiveWorkers(next, complete);
    }

    public LiveWorkers without(WorkerId worker) {
        NavigableMap<WorkerId, LiveWorker> next = new TreeMap<>(workers);
        next.remove(worker);
        return new LiveWorkers(next, complete);
    }

    /** The same, with the word that whoever is missing is gone. */
    public LiveWorkers complete() {
        return new LiveWorkers(workers, true);
    }

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
            return complete ? Optional.of(Loss.UNREACHABLE) : Optional.empty();
        }
        if (!known.incarnation().equals(step.incarnation())) {
            return Optional.of(Loss.INCARNATION_OVER);
        }
        return known.reachable() ? Optional.empty() : Optional.of(Loss.UNREACHABLE);
    }

    /** All of them, by name. */
    Collection<LiveWorker> all() {
        return workers.values();
    }
}
