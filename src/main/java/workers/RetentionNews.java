package workers;

import java.util.List;
import kv.Epoch;
import kv.FoundCopy;
import kv.Incarnation;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.holds.HoldEnd;

/** What a worker tells the keeper of a lease. */
public sealed interface RetentionNews {
    /** Answer to {@link Worker.HoldPrefix}. */
    record HoldAnswered(
            WorkerId worker, LeaseId lease, Epoch epoch, Incarnation incarnation, long order, Receipt receipt)
            implements RetentionNews {}

    /**
     * An acknowledged hold became less, or is over.
     *
     * @param order that the hold was made by
     * @param change counts the changes of that hold, from 1
     * @param left what is kept on until the same deadline; null for nothing
     */
    record HoldEnded(
            WorkerId worker,
            LeaseId lease,
            Epoch epoch,
            Incarnation incarnation,
            long order,
            int change,
            HoldEnd reason,
            @Nullable Prefix left)
            implements RetentionNews {}

    /**
     * Answer to {@link Worker.CopyPrefix}.
     *
     * @param order that it answers; of a copy, the one that it was written by, which may be an earlier one
     * @param copy when it was accepted
     */
    record CopyAnswered(
            WorkerId worker,
            LeaseId lease,
            Epoch epoch,
            Incarnation incarnation,
            long order,
            Receipt receipt,
            @Nullable StoredCopy copy)
            implements RetentionNews {}

    /**
     * Answer to {@link Worker.WarmPrefix}.
     *
     * @param order that it was computed for; of orders for the same that came meanwhile, the first
     */
    record WarmAnswered(
            WorkerId worker, LeaseId lease, Epoch epoch, Incarnation incarnation, long order, Receipt receipt)
            implements RetentionNews {}

    /** Answer to {@link Worker.ListCopies}: as many as a message holds. */
    record CopiesListed(WorkerId worker, List<FoundCopy> copies) implements RetentionNews {}
}
