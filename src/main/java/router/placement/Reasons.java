package router.placement;

import inference.PlacementReason;
import java.util.List;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.strategy.Candidate;

/** Tells why a turn was placed where it was. Stateless. */
final class Reasons {
    private Reasons() {}

    /**
     * The reason of a placement.
     *
     * @param all workers that could take the turn, the chosen one among them
     * @param waited whether the turn comes from the pending queue
     * @param source copy that is loaded for it, null for none
     */
    static PlacementReason of(
            RouteRequest request,
            Candidate chosen,
            List<Candidate> all,
            Fleet fleet,
            boolean waited,
            @Nullable StoredCopy source) {
        WorkerId last = request.lastWorker();
        if (last == null) {
            return PlacementReason.NEW;
        } else if (chosen.worker().equals(last)) {
            return waited ? PlacementReason.WAITED : PlacementReason.KEPT;
        } else if (request.excluded().test(last)) {
            return PlacementReason.REFUSED;
        }
        return all.stream()
                .filter(candidate -> candidate.worker().equals(last))
                .findFirst()
                .map(before -> drawnBy(chosen, before, source))
                .orElseGet(() -> drivenBy(fleet.find(last)));
    }

    /** Why the worker before could not take the turn. */
    private static PlacementReason drivenBy(Fleet.@Nullable Member before) {
        if (before != null && before.draining()) {
            return PlacementReason.DRAINED;
        }
        return before != null && before.accepting() ? PlacementReason.UNFIT : PlacementReason.HOLDER_LOST;
    }

    /** Why another one took it although the worker before could. */
    private static PlacementReason drawnBy(Candidate chosen, Candidate before, @Nullable StoredCopy source) {
        if (before.busy()) {
            return PlacementReason.BUSY;
        } else if (chosen.kept().held() > 0) {
            return PlacementReason.OTHER_HOLDER;
        } else if (chosen.kept().pullFrom() != null) {
            return PlacementReason.PULLED;
        }
        return source != null ? PlacementReason.COPY_LOADED : PlacementReason.PREFERRED;
    }
}
