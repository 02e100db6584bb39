package agents;

import agents.session.Control;
import agents.session.FrontierMatch;
import agents.session.SessionEvent;
import agents.session.SessionEvent.SessionOpened;
import agents.session.SessionKey;
import agents.session.SessionPhase;
import agents.session.SessionState;
import agents.session.TurnResult;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import inference.PromptFingerprint;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import java.time.Instant;
import java.util.List;
import kv.LeaseId;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.LeaseKeeper;

/**
 * The durable owner of one agent session, wherever in the cluster it lives.
 *
 * <p>A turn is begun and ended here, nothing of it passes in between. Beginning never waits for the store: the reply goes out
 * first. Ending is durable before its reply. Which turns run is soft state: after a move of the entity they are unknown
 * until they end, which they can, because a {@link CompleteTurn} is whole in itself. A turn whose actor dies without a word
 * is recorded as lost.
 *
 * <p>A closed session answers queries; a new turn under its name opens another session in its place.
 *
 * <p>The state is null before the session is opened.
 */
public final class AgentSession
        extends EventSourcedBehaviorWithEnforcedReplies<AgentSession.Command, SessionEvent, SessionState> {
    /** Sharding key; the entity id is {@link SessionKey#entityId}. */
    public static final EntityTypeKey<Command> TYPE_KEY = EntityTypeKey.create(Command.class, "AgentSession");

    /** What a session is told. */
    public sealed interface Command {}

    /**
     * A turn begins. Repeating it by the same owner gives the same answer.
     *
     * @param chain fingerprints of the prompt, see {@link PromptFingerprint#chain}
     * @param owner the turn's actor: its death without a {@link CompleteTurn} ends the turn
     */
    public record BeginTurn(
            SessionContext session,
            TurnId turn,
            String model,
            int blockSizeTokens,
            List<PromptFingerprint> chain,
            Instant startedAt,
            ActorRef<?> owner,
            ActorRef<BeginReply> replyTo)
            implements Command {
        public BeginTurn {
            chain = List.copyOf(chain);
        }
    }

    /** A turn is over. Idempotent by turn id, see {@link SessionState#complete}. */
    public record CompleteTurn(SessionContext session, TurnResult result, ActorRef<TurnRecorded> replyTo)
            implements Command {}

    /** Asks for the whole session. */
    public record GetSession(ActorRef<SessionReply> replyTo) implements Command {}

    /** Asks for a line about the session. */
    public record GetSummary(ActorRef<SummaryReply> replyTo) implements Command {}

    /** Closes the session, and those that it spawned. Idempotent. */
    public record Close(SessionEvent.CloseReason reason, ActorRef<CloseReply> replyTo) implements Command {}

    /**
     * Another session of the tenant names this one as its parent; opens it if need be. Idempotent.
     *
     * @param session this session's own name
     */
    public record LinkChild(TenantId tenant, SessionId session, SessionId child, ActorRef<ChildKnown> replyTo)
            implements Command {}

    /**
     * A harness or an operator says something about the session. Idempotent by the request's name.
     *
     * @param request null when it has no name
     */
    public record TakeControl(Control control, @Nullable String request, ActorRef<ControlReply> replyTo)
            implements Command {}

    /** Opens this session as a fork. Idempotent. */
    public record OpenFork(SessionOpened opened, ActorRef<ForkReply> replyTo) implements Command {}

    /** The parent has another root than it had. */
    public record LearnRoot(SessionId root) implements Command {}

    record TurnLost(TurnId turn) implements Command {}

    record ParentReplied(@Nullable ChildKnown reply) implements Command {}

    record ForkReplied(TakeControl fork, @Nullable ForkReply reply) implements Command {}

    record IdleElapsed() implements Command {}

    /** What a line keeps is to move to another tier, unless it is on already. */
    record MoveDue(int line, LeaseKeeper.Command order) implements Command {}

    private record Stop() implements Command {}

    /** Answer to {@link BeginTurn}. */
    public sealed interface BeginReply {}

    /**
     * The turn may go on.
     *
     * @param kind how the prompt continues the session
     * @param matchedMessages messages of the prompt that the session knows, -1 when it knows nothing of it
     * @param knownBlocks full blocks of those
     * @param lastWorker where the line of prompts ran last, null when it did not
     * @param root top of the session's tree, where its leases are kept
     */
    public record TurnBegun(
            FrontierMatch.Kind kind,
            int matchedMessages,
            int knownBlocks,
            @Nullable WorkerId lastWorker,
            SessionId root)
            implements BeginReply {}

    /** Another actor runs a turn of that id right now. */
    public record TurnRunning() implements BeginReply {}

    /** The turn's end is durable. */
    public record TurnRecorded() {}

    /** Answer to {@link GetSession}. */
    public sealed interface SessionReply {}

    /** The session as it is. */
    public record SessionFound(SessionState state, SessionPhase phase) implements SessionReply {}

    /** Answer to {@link GetSummary}. */
    public sealed interface SummaryReply {}

    /** A session in one line. */
    public record SummaryFound(
            SessionId session,
            SessionPhase phase,
            @Nullable SessionId parent,
            long totalTurns,
            @Nullable Instant lastTurnAt)
            implements SummaryReply {}

    /** Answer to {@link Close}. */
    public sealed interface CloseReply {}

    /** The session is closed. */
    public record Closed() implements CloseReply {}

    /** Nobody has opened this session. */
    public record NoSuchSession() implements SessionReply, SummaryReply, CloseReply, ControlReply {}

    /** Answer to {@link TakeControl}. */
    public sealed interface ControlReply {}

    /**
     * It is done.
     *
     * @param repeated whether it was done before
     * @param root where the session's leases are kept
     * @param asked leases that are asked for
     */
    public record ControlTaken(SessionEvent.Controlled taken, boolean repeated, SessionId root, List<LeaseId> asked)
            implements ControlReply {
        public ControlTaken {
            asked = List.copyOf(asked);
        }
    }

    /** It is not done. */
    public record ControlRefused(ControlProblem problem, String reason) implements ControlReply {}

    /** Why a control is refused. */
    public enum ControlProblem {
        /** It names something that the session does not have. */
        NOT_FOUND,
        /** It contradicts what the session is or was told. */
        CONFLICT,
        /** Another session did not answer. */
        UNAVAILABLE
    }

    /** Answer to {@link OpenFork}: whether the name was free. */
    public record ForkReply(boolean opened) {}

    /**
     * Answer to {@link LinkChild}.
     *
     * @param root top of the parent's tree
     */
    public record ChildKnown(SessionId root) {}

    /**
     * Creates a session's behavior.
     *
     * @param shard told when the session wants to passivate
     */
    public static Behavior<Command> create(
            String entityId,
            ActorRef<ClusterSharding.ShardCommand> shard,
            AgentSettings.Session settings,
            SessionPorts ports) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new AgentSession(entityId, context, timers, shard, settings, ports)));
    }

    /** The message that ends the entity at a move or passivation; handled in every state. */
    static Command stopMessage() {
        return new Stop();
    }

    private final ActorContext<Command> context;
    private final ActorRef<ClusterSharding.ShardCommand> shard;
    private final AgentSettings.Session settings;
    private final OpenTurns running;
    private final PhaseLog phases;
    private final SessionTies ties;
    private final SessionTurns turns;
    private final SessionTree tree;
    private final SessionControls controls;

    private AgentSession(
            String entityId,
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ActorRef<ClusterSharding.ShardCommand> shard,
            AgentSettings.Session settings,
            SessionPorts ports) {
        super(
                PersistenceId.of(TYPE_KEY.name(), entityId),
                SupervisorStrategy.restartWithBackoff(settings.minRestartBackoff(), settings.maxRestartBackoff(), 0.2));
        this.context = context;
        this.shard = shard;
        this.settings = settings;
        this.running = new OpenTurns(context, timers, settings.idleTimeout());
        this.phases = new PhaseLog(entityId, context, running);
        this.ties = new SessionTies(context, timers, settings, ports);
        this.turns = new SessionTurns(Effect(), running, phases, ties, settings.limits(), ports);
        this.tree = new SessionTree(Effect(), ties, ports.clock());
        this.controls = new SessionControls(Effect(), running, phases, ties, ports);
    }

    @Override
    @SuppressWarnings("NullAway") // null is Akka's own way to say that nothing was persisted yet
    public SessionState emptyState() {
        return null;
    }

    @Override
    public CommandHandlerWithReply<Command, SessionEvent, SessionState> commandHandler() {
        return newCommandHandlerWithReplyBuilder()
                .forAnyState()
                .onCommand(BeginTurn.class, turns::onBeginTurn)
                .onCommand(CompleteTurn.class, turns::onCompleteTurn)
                .onCommand(GetSession.class, this::onGetSession)
                .onCommand(GetSummary.class, this::onGetSummary)
                .onCommand(Close.class, controls::onClose)
                .onCommand(LinkChild.class, tree::onLinkChild)
                .onCommand(LearnRoot.class, tree::onLearnRoot)
                .onCommand(TakeControl.class, controls::onTakeControl)
                .onCommand(OpenFork.class, controls::onOpenFork)
                .onCommand(ForkReplied.class, controls::onForkReplied)
                .onCommand(TurnLost.class, turns::onTurnLost)
                .onCommand(ParentReplied.class, tree::onParentReplied)
                .onCommand(IdleElapsed.class, this::onIdleElapsed)
                .onCommand(MoveDue.class, this::onMoveDue)
                .onCommand(Stop.class, this::onStop)
                .build();
    }

    @Override
    public EventHandler<SessionState, SessionEvent> eventHandler() {
        return newEventHandlerBuilder().forAnyState().onAnyEvent((state, event) -> after(state, event));
    }

    @Override
    public SignalHandler<SessionState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), state -> running.awaitIdle())
                .build();
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(settings.snapshotEveryEvents(), 1)
                .withDeleteEventsOnSnapshot();
    }

    private ReplyEffect<SessionEvent, SessionState> onGetSession(@Nullable SessionState state, GetSession get) {
        return Effect()
                .reply(get.replyTo(), state == null ? new NoSuchSession() : new SessionFound(state, phases.of(state)));
    }

    private ReplyEffect<SessionEvent, SessionState> onGetSummary(@Nullable SessionState state, GetSummary get) {
        return Effect()
                .reply(
                        get.replyTo(),
                        state == null
                                ? new NoSuchSession()
                                : new SummaryFound(
                                        state.id(),
                                        phases.of(state),
                                        state.parent(),
                                        state.totalTurns(),
                                        state.lastTurnAt()));
    }

    private ReplyEffect<SessionEvent, SessionState> onIdleElapsed(@Nullable SessionState state, IdleElapsed elapsed) {
        if (running.count() == 0) {
            shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
            running.awaitIdle();
        }
        return Effect().noReply();
    }

    private ReplyEffect<SessionEvent, SessionState> onMoveDue(@Nullable SessionState state, MoveDue due) {
        if (state != null && !running.extending(due.line())) {
            ties.tellKeeper(state, due.order());
        }
        return Effect().noReply();
    }

    private ReplyEffect<SessionEvent, SessionState> onStop(@Nullable SessionState state, Stop stop) {
        return Effect().stop().thenNoReply();
    }

    private SessionState after(@Nullable SessionState state, SessionEvent event) {
        return state == null ? SessionState.opened((SessionOpened) event) : state.apply(event, settings.limits());
    }
}
