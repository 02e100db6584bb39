package router.retention;

import inference.ConversationRef;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.LeaseId;
import kv.LedgerId;
import kv.Prefix;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * What the ledger wants told to a worker, once the events that decided it are stored.
 *
 * <p>Thread-safety: immutable.
 */
public sealed interface WorkerOrder {
    WorkerId worker();

    /** Keep a prefix. */
    record PlaceHold(WorkerId worker, Incarnation incarnation, Hold hold) implements WorkerOrder {}

    /**
     * Compute a prefix; a guess only while the engine is idle.
     *
     * @param source worker whose engine has it, to be taken over from there; null for none
     */
    record Warm(
            WorkerId worker,
            Incarnation incarnation,
            LeaseId lease,
            Epoch epoch,
            Prefix prefix,
            ConversationRef conversation,
            boolean guess,
            @Nullable WorkerId source)
            implements WorkerOrder {}

    /** Write a prefix to storage, for a lease of this ledger. */
    record Copy(
            WorkerId worker,
            Incarnation incarnation,
            LedgerId ledger,
            LeaseId lease,
            Epoch epoch,
            Prefix prefix,
            ConversationRef conversation)
            implements WorkerOrder {}

    /** Bring what is held of a prefix in a colder tier to the device. */
    record Prefetch(WorkerId worker, Incarnation incarnation, LeaseId lease, Epoch epoch) implements WorkerOrder {}

    /** Keep in the host tier what is held of a prefix on the device, if the device's room is wanted. */
    record Demote(WorkerId worker, Incarnation incarnation, LeaseId lease, Epoch epoch) implements WorkerOrder {}

    /** Keep a prefix no longer. */
    record ReleaseHold(WorkerId worker, LeaseId lease, Epoch epoch) implements WorkerOrder {}

    /** Delete a copy in storage; any worker that reads the storage can. */
    record DiscardCopy(WorkerId worker, String location) implements WorkerOrder {}

    /** Tell which copies of a ledger are in storage. */
    record ListCopies(WorkerId worker, LedgerId ledger) implements WorkerOrder {}
}
