package router.retention;

import java.util.List;
import java.util.Optional;
import kv.FoundCopy;
import kv.StoredCopy;
import kv.WorkerId;

/**
 * Compares what lies in shared storage with the book, because not every copy that was begun came into it: a server or a worker
 * died while it was written, its receipt or the order to delete it was lost. Only what carries this ledger's name is looked at.
 *
 * <p>Stateless.
 */
public final class CopyInventory {
    private CopyInventory() {}

    /** Orders to tell what is there; several workers may look into the same storage. */
    public static List<WorkerOrder> take(LeaseBook book, LiveWorkers live) {
        return live.all().stream()
                .filter(worker ->
                        worker.reachable() && worker.facts().capabilities().copies())
                .<WorkerOrder>map(worker -> new WorkerOrder.ListCopies(worker.worker(), book.ledger()))
                .toList();
    }

    /** Orders to delete what no lease has; what a lease may still hear of is left alone. */
    public static List<WorkerOrder> compare(LeaseBook book, WorkerId worker, List<FoundCopy> found) {
        return found.stream()
                .filter(copy -> abandoned(book.lease(copy.lease()), copy.location()))
                .<WorkerOrder>map(copy -> new WorkerOrder.DiscardCopy(worker, copy.location()))
                .toList();
    }

    private static boolean abandoned(Optional<Lease> open, String location) {
        if (open.isEmpty()) {
            return true;
        }
        Lease lease = open.get();
        boolean awaited = lease.steps().stream().anyMatch(step -> step.kind() == Step.Kind.COPY && step.undecided());
        return !awaited
                && lease.storedCopies().stream().map(StoredCopy::location).noneMatch(location::equals);
    }
}
