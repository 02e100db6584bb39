package router.retention;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import kv.Incarnation;
import kv.KvTier;
import kv.Prefix;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * One thing asked of one worker for a lease: what was asked, what the worker acknowledged and what was observed since, each
 * apart. At most one per lease, worker and kind: asking anew replaces it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param receipt null while unanswered
 * @param until of an acknowledged hold, its end; of a deferred step, and of a copy that found no room, when to ask again; where an engine
 *     cannot hold, when to compute the prefix again; else null
 * @param copy what a COPY wrote
 * @param ended null while nothing was seen that speaks against the receipt
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Step(
        Kind kind,
        WorkerId worker,
        Incarnation incarnation,
        @Nullable Receipt receipt,
        @Nullable Instant until,
        @Nullable StoredCopy copy,
        @Nullable Ended ended) {

    /** What can be asked of a worker. */
    public enum Kind {
        /** Keep what is in the cache. */
        HOLD,
        /** Compute it. */
        WARM,
        /** Write it to storage that other workers read. */
        COPY
    }

    /**
     * The end of a step, in whole or in part, as observed.
     *
     * @param left what the worker keeps on until the same deadline, null for nothing
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Ended(Loss reason, @Nullable Prefix left, Instant at) {}

    static Step asked(Kind kind, LiveWorker worker) {
        return new Step(kind, worker.worker(), worker.incarnation(), null, null, null, null);
    }

    Step answered(Receipt receipt, @Nullable Instant until, @Nullable StoredCopy copy) {
        return new Step(kind, worker, incarnation, receipt, until, copy, null);
    }

    Step ended(Loss reason, @Nullable Prefix left, Instant at) {
        return new Step(kind, worker, incarnation, receipt, until, copy, new Ended(reason, left, at));
    }

    boolean is(Kind wanted, WorkerId at) {
        return kind == wanted && worker.equals(at);
    }

    /** Whether an answer is still to come, now or after a deferral. */
    public boolean pending() {
        return ended == null && unanswered();
    }

    /** Whether an answer may still come although it is not waited for: its worker was out of reach and may be back. */
    boolean undecided() {
        return unanswered() && answerable();
    }

    private boolean unanswered() {
        return receipt == null || receipt instanceof Receipt.Deferred;
    }

    /** Whether a worker's word may still be about it: not after the life that it was asked in. */
    boolean answerable() {
        return ended == null || ended.reason() != Loss.INCARNATION_OVER;
    }

    /** Whether nothing is left of it. */
    boolean over() {
        return ended != null && ended.left() == null;
    }

    /** Whether the worker said yes, wholly or in part, and nothing speaks against it. */
    public boolean granted() {
        return !over() && (receipt instanceof Receipt.Accepted || receipt instanceof Receipt.Bounded);
    }

    /** Whether the worker keeps it, or its beginning, in a tier below the device. */
    boolean holdsColder() {
        return kind == Kind.HOLD
                && granted()
                && receipt instanceof Receipt.Bounded less
                && less.tier() != KvTier.DEVICE;
    }

    /** Whether the worker keeps it, or its beginning, where running requests read it. */
    boolean holdsOnDevice() {
        return kind == Kind.HOLD && granted() && !holdsColder();
    }

    /** Whether the worker keeps the whole of a prefix where running requests read it. */
    boolean holdsOnDevice(Prefix whole) {
        return holdsOnDevice() && grants(whole);
    }

    /** Whether the worker keeps, or has computed, the whole of a prefix. */
    public boolean grants(Prefix whole) {
        return granted() && kind != Kind.COPY && depth(whole) >= whole.blocks();
    }

    /** Whether it was granted as a hold whose end nobody has told: its worker still has it, for all that is known, or is away. */
    boolean unheardOf() {
        boolean acknowledged = receipt instanceof Receipt.Accepted || receipt instanceof Receipt.Bounded;
        return kind == Kind.HOLD && acknowledged && (!over() || (ended != null && ended.reason() == Loss.UNREACHABLE));
    }

    /** Whether it was a hold whose granted time is over, although nobody said so. */
    boolean overdue(Instant over) {
        return kind == Kind.HOLD && granted() && until != null && until.isBefore(over);
    }

    /** Whether a copy lies in storage; that needs no worker any more. */
    public boolean stored() {
        return kind == Kind.COPY && granted() && copy != null;
    }

    /** Whether it was a copy for which storage had no room, and may have some by now. */
    boolean mayFindRoom(Instant now) {
        return ended == null && foundNoRoom(kind, receipt) && until != null && !until.isAfter(now);
    }

    /** Whether an answer says that there is no room for a copy. */
    static boolean foundNoRoom(Kind kind, @Nullable Receipt receipt) {
        return kind == Kind.COPY
                && receipt instanceof Receipt.Rejected rejected
                && rejected.reason() == Receipt.Reason.BUDGET;
    }

    /** Whether a refusal leaves the prefix where it was, unprotected. */
    boolean leavesResident() {
        return kind == Kind.HOLD
                && ended == null
                && (receipt instanceof Receipt.Unsupported
                        || (receipt instanceof Receipt.Rejected rejected
                                && (rejected.reason() == Receipt.Reason.BUDGET
                                        || rejected.reason() == Receipt.Reason.DRAINING
                                        || rejected.reason() == Receipt.Reason.BUSY)));
    }

    /** Whether the engine cannot hold anything, in the life of its worker that was asked. */
    boolean unholdableAt(Incarnation life) {
        return kind == Kind.HOLD && ended == null && receipt instanceof Receipt.Unsupported && incarnation.equals(life);
    }

    /** Blocks of the prefix that are known to be within reach by this step. */
    int depth(Prefix whole) {
        if (stored() || leavesResident()) {
            return whole.blocks();
        }
        if (!granted() || kind == Kind.COPY) {
            return 0;
        }
        Prefix kept = ended != null && ended.left() != null
                ? ended.left()
                : receipt instanceof Receipt.Bounded bounded ? bounded.prefix() : whole;
        return Math.min(whole.blocks(), kept.blocks());
    }
}
