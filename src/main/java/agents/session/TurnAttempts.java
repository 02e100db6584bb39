package agents.session;

import inference.InferenceFailure;
import java.util.HashSet;
import java.util.Set;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * Where a turn has been, and whether it may try elsewhere. Each placement that came to nothing
 * excludes its worker; when nobody else is left, workers that were merely full may be asked once more.
 *
 * <p>Thread-safety: confined to its turn.
 */
public final class TurnAttempts {
    private final int maxPlacements;
    private final Set<WorkerId> unusable = new HashSet<>();
    private final Set<WorkerId> full = new HashSet<>();
    private int placements;
    private @Nullable InferenceFailure lastFailure;

    /** @param maxPlacements placements in all, at least 1 */
    public TurnAttempts(int maxPlacements) {
        this.maxPlacements = maxPlacements;
    }

    /** Whether a failure may be cured by another worker. */
    public static boolean curable(InferenceFailure.Kind kind) {
        return switch (kind) {
            case ENGINE_FAILED, OVERLOADED, RATE_LIMITED, TIMEOUT -> true;
            default -> false;
        };
    }

    /** Workers that must not be proposed again. */
    public Set<WorkerId> excluded() {
        Set<WorkerId> all = new HashSet<>(unusable);
        all.addAll(full);
        return all;
    }

    /** Number of the current placement, from 1; 0 before the first. */
    public int placements() {
        return placements;
    }

    /** A worker was chosen. */
    public void placed() {
        placements++;
    }

    /** The chosen worker had no room. */
    public void full(WorkerId worker) {
        full.add(worker);
    }

    /** The chosen worker cannot serve this turn, or lost it. */
    public void lost(WorkerId worker, InferenceFailure failure) {
        unusable.add(worker);
        lastFailure = failure;
    }

    /** Whether another placement may be asked for. */
    public boolean mayPlace() {
        return placements < maxPlacements;
    }

    /** Forgives workers that were full; false when there are none. */
    public boolean forgiveFull() {
        boolean any = !full.isEmpty();
        full.clear();
        return any;
    }

    /** What to tell the client when the worker that took over an answer gives another one. */
    public InferenceFailure toldOtherwise(String part) {
        String died = lastFailure == null ? "" : ": " + lastFailure.message();
        return InferenceFailure.of(
                InferenceFailure.Kind.ENGINE_FAILED,
                "the engine was lost while it answered, and the one that gave the answer again gave another " + part
                        + died);
    }

    /** What to tell the client when no worker is left: what went wrong last, or else the given. */
    public InferenceFailure failureOr(InferenceFailure otherwise) {
        return lastFailure == null ? otherwise : lastFailure;
    }
}
