package workers;

import akka.actor.typed.ActorRef;
import akka.actor.typed.receptionist.ServiceKey;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import inference.TurnId;
import java.time.Duration;
import java.util.List;
import kv.Incarnation;
import kv.KvEvent;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** One engine's owner in the cluster: admission, running turns, the engine's block mirror, incarnation. */
public final class Worker {
    /** Sharding key; the entity id is the engine's URL, encoded. */
    public static final EntityTypeKey<Command> TYPE_KEY = EntityTypeKey.create(Command.class, "Worker");

    /** Under which workers are found by routers. */
    public static final ServiceKey<Command> SERVICE_KEY = ServiceKey.create(Command.class, "workers");

    /** What a worker is told. */
    public sealed interface Command {}

    /** Wakes the worker; repeated after every start of a node. */
    public record Start() implements Command {}

    /**
     * Asks for admission of a turn. Repeating it for an admitted turn gives the same admission.
     *
     * @param inputTokens whole prompt
     * @param expectedOutputTokens reserve for the answer
     */
    public record AdmitTurn(TurnId turn, int inputTokens, int expectedOutputTokens, ActorRef<AdmitReply> replyTo)
            implements Command {}

    /** A turn's sign of life: renews its admission. */
    public record RenewAdmission(TurnId turn) implements Command {}

    /** An admitted turn is over, however it ended. */
    public record EndTurn(TurnId turn) implements Command {}

    /** A node could not reach the engine or its stream broke: the worker probes at once. */
    public record ReportFailure(String reason) implements Command {}

    /** A router wants this worker's view: a snapshot first, then every change. Repeating it starts over. */
    public record Attach(ActorRef<Update> subscriber) implements Command {}

    /** A router has applied updates up to a number; without it the worker stops sending after a window. */
    public record AckUpdates(ActorRef<Update> subscriber, long number) implements Command {}

    /** Asks for the worker's status. */
    public record GetStatus(ActorRef<Status> replyTo) implements Command {}

    /** Answer to {@link AdmitTurn}. */
    public sealed interface AdmitReply {}

    /**
     * The turn may be sent to the engine.
     *
     * @param validFor lapses without {@link RenewAdmission} in that time
     */
    public record Admitted(Incarnation incarnation, Duration validFor) implements AdmitReply {}

    /** The turn may not run here now; the router's view was stale and the load tells how. */
    public record AdmissionRefused(RefusalReason reason, WorkerLoad load) implements AdmitReply {}

    /** Why a worker refuses. */
    public enum RefusalReason {
        NOT_READY,
        DRAINING,
        FULL,
        TOO_LONG
    }

    /**
     * Answer to {@link GetStatus}.
     *
     * @param incarnation null until the engine answered for the first time
     * @param reason why the worker is in its state
     */
    public record Status(
            WorkerId worker,
            WorkerState state,
            @Nullable Incarnation incarnation,
            @Nullable EngineFacts facts,
            WorkerLoad load,
            int admittedTurns,
            String reason) {}

    /**
     * News for a router, numbered from 1 per {@link Attach}; a number is never skipped. The first is always a
     * {@link Joined}.
     */
    public sealed interface Update {
        long number();
    }

    /** What the worker is from here on; blocks told before are void when the incarnation is another. */
    public record Joined(
            long number,
            WorkerId worker,
            WorkerState state,
            Incarnation incarnation,
            @Nullable EngineFacts facts,
            WorkerLoad load)
            implements Update {}

    /**
     * Changes of the engine's blocks, in order; a snapshot comes as stores. At most 64 KiB serialized.
     *
     * @param rank data-parallel rank whose cache changed, from 0
     */
    public record BlocksChanged(long number, Incarnation incarnation, int rank, List<KvEvent> events)
            implements Update {
        public BlocksChanged {
            events = List.copyOf(events);
        }
    }

    /** The load or state changed; coalesced. */
    public record LoadChanged(long number, WorkerState state, WorkerLoad load) implements Update {}

    private Worker() {}
}
