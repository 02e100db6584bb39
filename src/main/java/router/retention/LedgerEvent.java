package router.retention;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import inference.SessionId;
import java.time.Instant;
import java.util.List;
import kv.Epoch;
import kv.Incarnation;
import kv.LeaseId;
import kv.LedgerId;
import kv.Prefix;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * What happened in a partition of the ledger, for good. Type names are fixed for ever; components may be added if absence
 * has a meaning, never renamed or removed.
 *
 * <p>What is asked of a worker is stored before it is sent, so that a later life of the keeper knows every worker that may hold
 * something. That it was sent is not stored: every life asks again.
 *
 * <p>Thread-safety: immutable.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = LedgerEvent.EpochBegun.class, name = "epoch-begun"),
    @JsonSubTypes.Type(value = LedgerEvent.LeaseGranted.class, name = "lease-granted"),
    @JsonSubTypes.Type(value = LedgerEvent.LeaseRenewed.class, name = "lease-renewed"),
    @JsonSubTypes.Type(value = LedgerEvent.StepsPlanned.class, name = "steps-planned"),
    @JsonSubTypes.Type(value = LedgerEvent.ReceiptRecorded.class, name = "receipt-recorded"),
    @JsonSubTypes.Type(value = LedgerEvent.HoldEnded.class, name = "hold-ended"),
    @JsonSubTypes.Type(value = LedgerEvent.WorkerVoided.class, name = "worker-voided"),
    @JsonSubTypes.Type(value = LedgerEvent.LeasesEnded.class, name = "leases-ended"),
    @JsonSubTypes.Type(value = LedgerEvent.OwnerJoined.class, name = "owner-joined"),
    @JsonSubTypes.Type(value = LedgerEvent.OwnerLeft.class, name = "owner-left")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface LedgerEvent {
    Instant at();

    /**
     * A keeper has recovered; nothing of an earlier epoch is commanded from here on.
     *
     * @param ledger whose epoch; null in journals from before ledgers had names
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record EpochBegun(Epoch epoch, @Nullable LedgerId ledger, Instant at) implements LedgerEvent {}

    /**
     * A lease is accepted.
     *
     * @param steps what is asked of workers at once
     */
    record LeaseGranted(LeaseTerms terms, Instant deadline, long chargedByteSeconds, List<Step> steps, Instant at)
            implements LedgerEvent {
        public LeaseGranted {
            steps = List.copyOf(steps);
        }
    }

    /** A lease has another deadline, or was charged for another copy; holders that it counts on are asked again for as long. */
    record LeaseRenewed(LeaseId lease, Instant deadline, long chargedByteSeconds, Instant at) implements LedgerEvent {}

    /** More is asked of workers; all that one look at the book decides is one event. */
    record StepsPlanned(List<Plan> plans, Instant at) implements LedgerEvent {
        public StepsPlanned {
            plans = List.copyOf(plans);
        }
    }

    /** What is asked for one lease. */
    record Plan(LeaseId lease, List<Step> steps) {
        public Plan {
            steps = List.copyOf(steps);
        }
    }

    /** A worker answered. See {@link Step}. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record ReceiptRecorded(
            LeaseId lease,
            Step.Kind kind,
            WorkerId worker,
            Receipt receipt,
            @Nullable Instant until,
            @Nullable StoredCopy copy,
            Instant at)
            implements LedgerEvent {}

    /** A hold ended on its worker before its lease did, in whole or down to a shallower prefix. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record HoldEnded(LeaseId lease, WorkerId worker, Loss reason, @Nullable Prefix left, Instant at)
            implements LedgerEvent {}

    /**
     * Whatever a worker had acknowledged, for any lease, is void.
     *
     * @param living what was acknowledged in this life still stands; null when nothing does
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record WorkerVoided(WorkerId worker, @Nullable Incarnation living, Loss reason, Instant at)
            implements LedgerEvent {}

    /** A session shares a lease, on from here or longer than before. */
    record OwnerJoined(LeaseId lease, SessionId owner, Instant until, Instant at) implements LedgerEvent {}

    /** A session needs a lease no longer that others share. */
    record OwnerLeft(LeaseId lease, SessionId owner, Instant at) implements LedgerEvent {}

    /** Leases are over. */
    record LeasesEnded(List<LeaseId> leases, EndReason reason, Instant at) implements LedgerEvent {
        public LeasesEnded {
            leases = List.copyOf(leases);
        }
    }
}
