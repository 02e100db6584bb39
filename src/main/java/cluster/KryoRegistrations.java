package cluster;

import agents.AgentSession;
import agents.session.Checkpoint;
import agents.session.Control;
import agents.session.Frontier;
import agents.session.FrontierMatch;
import agents.session.GapHint;
import agents.session.KeptPoint;
import agents.session.NextPrompt;
import agents.session.OpenReasoning;
import agents.session.PromptOutline;
import agents.session.SessionEvent;
import agents.session.SessionPhase;
import agents.session.SessionState;
import agents.session.TurnOutcome;
import agents.session.TurnRecord;
import agents.session.TurnResult;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.serializers.RecordSerializer;
import inference.ConversationRef;
import inference.FinishReason;
import inference.PlacementReason;
import inference.PromptFingerprint;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import inference.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import kv.Epoch;
import kv.FoundCopy;
import kv.Hold;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.LeaseId;
import kv.LedgerId;
import kv.Prefix;
import kv.Receipt;
import kv.RetentionClass;
import kv.SequenceHash;
import kv.StoredCopy;
import kv.WorkerId;
import router.LeaseKeeper;
import router.retention.BlockRange;
import router.retention.EndReason;
import router.retention.Evacuation;
import router.retention.Lease;
import router.retention.LeaseAnswer;
import router.retention.LeaseTerms;
import router.retention.Loss;
import router.retention.Owner;
import router.retention.Step;
import workers.AdmitReply;
import workers.RetentionNews;
import workers.Seat;
import workers.Worker;
import workers.WorkerStatus;
import workers.WorkerUpdate;
import workers.holds.HoldEnd;
import workers.status.AnswerExtras;
import workers.status.ColderTiers;
import workers.status.CopyRoom;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.HeldTier;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * Every class that may cross the network, with its id on the wire. Append only: an id is never reused or given to another
 * class, so that nodes of two builds do not misread each other. A record's components are part of the format too.
 *
 * <p>Ids below {@value #FIRST_ID} are Kryo's own primitives and the collections and references of {@link WireClasses}.
 */
final class KryoRegistrations {
    static final int FIRST_ID = 20;

    private static final Map<Integer, Class<?>> CLASSES = new TreeMap<>();

    static {
        // values of the JDK
        add(20, long[].class);
        add(21, Duration.class);
        add(22, Instant.class);
        // receipts
        add(23, Receipt.Accepted.class);
        add(24, Receipt.Bounded.class);
        add(25, Receipt.Deferred.class);
        add(26, Receipt.Rejected.class);
        add(27, Receipt.Unsupported.class);
        add(28, Receipt.Reason.class);
        // kv, inference
        add(30, WorkerId.class);
        add(31, Incarnation.class);
        add(32, SequenceHash.class);
        add(33, KvTier.class);
        add(34, KvEvent.BlocksStored.class);
        add(35, KvEvent.BlocksRemoved.class);
        add(36, KvEvent.AllBlocksCleared.class);
        add(37, LeaseId.class);
        add(38, Epoch.class);
        add(39, Prefix.class);
        add(40, TenantId.class);
        add(41, SessionId.class);
        add(42, SessionContext.class);
        add(43, TurnId.class);
        add(44, Usage.class);
        add(45, FinishReason.class);
        add(46, PromptFingerprint.class);
        add(47, Hold.class);
        add(48, StoredCopy.class);
        add(49, RetentionClass.class);
        add(54, ConversationRef.class);
        // workers
        add(50, WorkerLoad.class);
        add(51, WorkerState.class);
        add(52, EngineFacts.class);
        add(53, EngineCapabilities.class);
        add(60, Worker.Start.class);
        add(61, Worker.AdmitTurn.class);
        add(62, Worker.RenewAdmission.class);
        add(63, Worker.EndTurn.class);
        add(64, Worker.ReportFailure.class);
        add(65, Worker.Attach.class);
        add(66, Worker.AckUpdates.class);
        add(67, Worker.GetStatus.class);
        add(68, AdmitReply.Admitted.class);
        add(69, AdmitReply.Refused.class);
        add(70, AdmitReply.RefusalReason.class);
        add(71, WorkerStatus.class);
        add(72, WorkerUpdate.Joined.class);
        add(73, WorkerUpdate.BlocksChanged.class);
        add(74, WorkerUpdate.LoadChanged.class);
        add(75, Worker.HoldPrefix.class);
        add(76, Worker.ReleaseHold.class);
        add(77, RetentionNews.HoldAnswered.class);
        add(78, RetentionNews.HoldEnded.class);
        add(79, HoldEnd.class);
        add(85, Worker.SeatFilled.class);
        add(86, Seat.class);
        add(87, AdmitReply.Placed.class);
        add(88, Worker.CopyPrefix.class);
        add(89, Worker.WarmPrefix.class);
        add(90, Worker.DiscardCopy.class);
        add(91, RetentionNews.CopyAnswered.class);
        add(92, RetentionNews.WarmAnswered.class);
        add(93, Worker.ListCopies.class);
        add(94, RetentionNews.CopiesListed.class);
        add(95, FoundCopy.class);
        add(96, LedgerId.class);
        add(97, Worker.SetDraining.class);
        add(98, ColderTiers.class);
        // agents
        add(100, Checkpoint.class);
        add(101, Frontier.class);
        add(102, FrontierMatch.Kind.class);
        add(103, PromptOutline.class);
        add(104, SessionPhase.class);
        add(105, SessionState.class);
        add(106, TurnOutcome.class);
        add(107, TurnRecord.class);
        add(108, TurnResult.class);
        add(109, OpenReasoning.class);
        add(110, SessionEvent.CloseReason.class);
        add(111, NextPrompt.class);
        add(112, GapHint.class);
        add(113, SessionEvent.Controlled.class);
        add(114, SessionEvent.SessionOpened.class);
        add(115, Control.Stall.class);
        add(116, Control.Resume.class);
        add(117, Control.Fork.class);
        add(118, Control.Compact.class);
        add(119, KeptPoint.class);
        add(200, Control.Close.class);
        add(201, Control.Keep.class);
        add(120, AgentSession.BeginTurn.class);
        add(121, AgentSession.CompleteTurn.class);
        add(122, AgentSession.GetSession.class);
        add(123, AgentSession.GetSummary.class);
        add(124, AgentSession.Close.class);
        add(125, AgentSession.LinkChild.class);
        add(126, AgentSession.TurnBegun.class);
        add(127, AgentSession.TurnRunning.class);
        add(128, AgentSession.TurnRecorded.class);
        add(129, AgentSession.SessionFound.class);
        add(130, AgentSession.SummaryFound.class);
        add(131, AgentSession.Closed.class);
        add(132, AgentSession.NoSuchSession.class);
        add(133, AgentSession.ChildKnown.class);
        add(134, AgentSession.LearnRoot.class);
        add(135, AgentSession.TakeControl.class);
        add(136, AgentSession.OpenFork.class);
        add(137, AgentSession.ControlTaken.class);
        add(138, AgentSession.ControlRefused.class);
        add(139, AgentSession.ControlProblem.class);
        add(202, AgentSession.ForkReply.class);
        // leases
        add(140, LeaseTerms.class);
        add(141, Lease.class);
        add(142, Lease.Ending.class);
        add(143, EndReason.class);
        add(144, BlockRange.class);
        add(145, Step.class);
        add(146, Step.Kind.class);
        add(147, Step.Ended.class);
        add(148, Loss.class);
        add(149, LeaseAnswer.Granted.class);
        add(150, LeaseAnswer.Refused.class);
        add(151, LeaseAnswer.Bound.class);
        add(152, LeaseAnswer.Refusal.class);
        add(160, LeaseKeeper.Wake.class);
        add(161, LeaseKeeper.Grant.class);
        add(162, LeaseKeeper.Renew.class);
        add(163, LeaseKeeper.Release.class);
        add(164, LeaseKeeper.ReleaseSession.class);
        add(165, LeaseKeeper.Revoke.class);
        add(166, LeaseKeeper.Resume.class);
        add(167, LeaseKeeper.GetLeases.class);
        add(168, LeaseKeeper.RevokeReply.class);
        add(169, LeaseKeeper.Resumed.class);
        add(170, LeaseKeeper.LeaseList.class);
        add(171, LeaseKeeper.ShownLease.class);
        add(172, LeaseKeeper.GetEvacuation.class);
        add(173, Evacuation.class);
        add(174, Evacuation.Stuck.class);
        add(175, LeaseKeeper.AwaitReceipts.class);
        add(203, Owner.class);
        add(204, AnswerExtras.class);
        add(205, LeaseKeeper.ReceiptList.class);
        add(206, HeldTier.class);
        add(207, PlacementReason.class);
        add(208, LeaseKeeper.Prefetch.class);
        add(209, Worker.PrefetchHold.class);
        add(210, CopyRoom.class);
        add(211, LeaseKeeper.Demote.class);
        add(212, Worker.DemoteHold.class);
    }

    private KryoRegistrations() {}

    private static void add(int id, Class<?> type) {
        Class<?> taken = CLASSES.put(id, type);
        if (id < FIRST_ID || taken != null) {
            throw new IllegalStateException("id " + id + " of " + type + " is taken by " + taken);
        }
    }

    /** Ids and classes, by id. */
    static Map<Integer, Class<?>> classes() {
        return Map.copyOf(CLASSES);
    }

    /** Makes a Kryo know exactly these classes. */
    static void register(Kryo kryo) {
        CLASSES.forEach((id, type) -> {
            Serializer<?> serializer = type.isRecord() ? new RecordSerializer<>(type) : kryo.getDefaultSerializer(type);
            kryo.register(type, serializer, id);
        });
    }
}
