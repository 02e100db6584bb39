package router.retention;

import inference.ConversationRef;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.LeaseId;
import kv.Prefix;
import kv.StoredCopy;
import kv.WorkerId;

/**
 * What the ledger wants told to a worker, once the events that decided it are stored.
 *
 * <p>Thread-safety: immutable.
 */
public sealed interface WorkerOrder {
    WorkerId worker();

    /** Keep a prefix. */
    record PlaceHold(WorkerId worker, Incarnation incarnation, Hold hold) implements WorkerOrder {}

    /** Compute a prefix. */
    record Warm(
            WorkerId worker,
            Incarnation incarnation,
            LeaseId lease,
            Epoch epoch,
            Prefix prefix,
            ConversationRef conversation)
            implements WorkerOrder {}

    /** Write a prefix to storage. */
    record Copy(
            WorkerId worker,
            Incarnation incarnation,
            LeaseId lease,
            Epoch epoch,
            Prefix prefix,
            ConversationRef conversation)
            implements WorkerOrder {}

    /** Keep a prefix no longer. */
    record ReleaseHold(WorkerId worker, LeaseId lease, Epoch epoch) implements WorkerOrder {}

    /** Delete a stored copy; any worker that reads the storage can. */
    record DiscardCopy(WorkerId worker, StoredCopy copy) implements WorkerOrder {}
}
