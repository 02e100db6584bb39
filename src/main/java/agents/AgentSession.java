package agents;

import agents.plan.LeaseAction;
import agents.session.FrontierMatch;
import agents.session.SessionEvent;
import agents.session.SessionEvent.CloseReason;
import agents.session.SessionEvent.SessionOpened;
import agents.session.SessionKey;
import agents.session.SessionPhase;
import agents.session.SessionState;
import agents.session.TurnOutcome;
import agents.session.TurnResult;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.RecipientRef;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    /** Closes the session. Idempotent. */
    public record Close(ActorRef<CloseReply> replyTo) implements Command {}

    /**
     * Another session of the tenant names this one as its parent; opens it if need be. Idempotent.
     *
     * @param session this session's own name
     */
    public record LinkChild(TenantId tenant, SessionId session, SessionId child, ActorRef<ChildKnown> replyTo)
            implements Command {}

    private record TurnLost(TurnId turn) implements Command {}

    private record ParentReplied(boolean linked) implements Command {}

    private record IdleElapsed() implements Command {}

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
     */
    public record TurnBegun(
            FrontierMatch.Kind kind, int matchedMessages, int knownBlocks, @Nullable WorkerId lastWorker)
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
    public record NoSuchSession() implements SessionReply, SummaryReply, CloseReply {}

    /** Answer to {@link LinkChild}. */
    public record ChildKnown() {}

    /** A turn between its beginning and its end. */
    private record RunningTurn(SessionContext session, FrontierMatch match, Instant startedAt, ActorRef<?> owner) {}

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

    private final String entityId;
    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ActorRef<ClusterSharding.ShardCommand> shard;
    private final AgentSettings.Session settings;
    private final SessionPorts ports;
    private final Map<TurnId, RunningTurn> running = new HashMap<>();
    private boolean parentKnowsUs;

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
        this.entityId = entityId;
        this.context = context;
        this.timers = timers;
        this.shard = shard;
        this.settings = settings;
        this.ports = ports;
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
                .onCommand(BeginTurn.class, this::onBeginTurn)
                .onCommand(CompleteTurn.class, this::onCompleteTurn)
                .onCommand(GetSession.class, this::onGetSession)
                .onCommand(GetSummary.class, this::onGetSummary)
                .onCommand(Close.class, this::onClose)
                .onCommand(LinkChild.class, this::onLinkChild)
                .onCommand(TurnLost.class, this::onTurnLost)
                .onCommand(ParentReplied.class, this::onParentReplied)
                .onCommand(IdleElapsed.class, this::onIdleElapsed)
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
                .onSignal(RecoveryCompleted.instance(), state -> awaitIdle())
                .build();
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(settings.snapshotEveryEvents());
    }

    private ReplyEffect<SessionEvent, SessionState> onBeginTurn(@Nullable SessionState state, BeginTurn begin) {
        RunningTurn other = running.get(begin.turn());
        if (other != null && !other.owner().equals(begin.owner())) {
            return Effect().reply(begin.replyTo(), new TurnRunning());
        }
        boolean opens = state == null || state.closed();
        SessionOpened opened = opened(begin.session(), begin.startedAt());
        SessionState session = state == null || opens ? SessionState.opened(opened) : state;
        SessionPhase before = session.phase(running.size());
        FrontierMatch match = session.match(begin.model(), begin.blockSizeTokens(), begin.chain());
        if (other == null) {
            running.put(begin.turn(), new RunningTurn(begin.session(), match, begin.startedAt(), begin.owner()));
            context.watchWith(begin.owner(), new TurnLost(begin.turn()));
            timers.cancel(IdleElapsed.class);
        }
        logTransition(before, session, "turn begun");
        begin.replyTo()
                .tell(new TurnBegun(
                        match.kind(),
                        match.matchedMessages(),
                        match.point() == null ? 0 : match.point().blocks(),
                        match.frontier() == null ? null : match.frontier().lastWorker()));
        if (!opens) {
            return Effect().noReply();
        }
        return Effect().persist(opened).thenRun(this::tellParent).thenNoReply();
    }

    private ReplyEffect<SessionEvent, SessionState> onCompleteTurn(
            @Nullable SessionState state, CompleteTurn complete) {
        TurnResult result = complete.result();
        List<SessionEvent> events = new ArrayList<>();
        SessionState session = state;
        if (session == null) {
            SessionOpened opened = opened(complete.session(), result.startedAt());
            events.add(opened);
            session = SessionState.opened(opened);
        }
        SessionPhase before = session.phase(running.size());
        SessionState without = session;
        Optional<SessionEvent.TurnCompleted> ended = session.complete(result, busyBeside(result.id()));
        ended.ifPresent(events::add);
        // A last turn that failed will be tried again.
        if (complete.session().last() && result.outcome() == TurnOutcome.COMPLETED) {
            session.close(CloseReason.FINAL_TURN, result.endedAt()).ifPresent(events::add);
        }
        return Effect()
                .persist(events)
                .thenRun((SessionState next) -> {
                    noLongerRuns(result.id());
                    logTransition(before, next, "turn " + result.outcome().label());
                    tellParent(next);
                    ended.ifPresent(event -> tellKeeper(without, next, event, result));
                })
                .thenReply(complete.replyTo(), next -> new TurnRecorded());
    }

    private ReplyEffect<SessionEvent, SessionState> onGetSession(@Nullable SessionState state, GetSession get) {
        return Effect()
                .reply(
                        get.replyTo(),
                        state == null ? new NoSuchSession() : new SessionFound(state, state.phase(running.size())));
    }

    private ReplyEffect<SessionEvent, SessionState> onGetSummary(@Nullable SessionState state, GetSummary get) {
        return Effect()
                .reply(
                        get.replyTo(),
                        state == null
                                ? new NoSuchSession()
                                : new SummaryFound(
                                        state.id(),
                                        state.phase(running.size()),
                                        state.parent(),
                                        state.totalTurns(),
                                        state.lastTurnAt()));
    }

    private ReplyEffect<SessionEvent, SessionState> onClose(@Nullable SessionState state, Close close) {
        if (state == null) {
            return Effect().reply(close.replyTo(), new NoSuchSession());
        }
        SessionPhase before = state.phase(running.size());
        List<SessionEvent> events =
                List.copyOf(state.close(CloseReason.REQUESTED, ports.clock().instant()).stream()
                        .toList());
        return Effect()
                .persist(events)
                .thenRun((SessionState next) -> {
                    logTransition(before, next, "close requested");
                    tellKeeper(next, new LeaseAction.EndAll());
                })
                .thenReply(close.replyTo(), next -> new Closed());
    }

    private ReplyEffect<SessionEvent, SessionState> onLinkChild(@Nullable SessionState state, LinkChild link) {
        List<SessionEvent> events = new ArrayList<>();
        SessionState session = state;
        if (session == null) {
            SessionOpened opened = new SessionOpened(
                    link.tenant(), link.session(), null, ports.clock().instant());
            events.add(opened);
            session = SessionState.opened(opened);
        }
        session.link(link.child(), ports.clock().instant()).ifPresent(events::add);
        return Effect().persist(events).thenReply(link.replyTo(), next -> new ChildKnown());
    }

    private ReplyEffect<SessionEvent, SessionState> onTurnLost(@Nullable SessionState state, TurnLost lost) {
        RunningTurn turn = running.get(lost.turn());
        if (turn == null) {
            return Effect().noReply();
        }
        List<SessionEvent> events = new ArrayList<>();
        SessionState session = state;
        if (session == null) {
            SessionOpened opened = opened(turn.session(), turn.startedAt());
            events.add(opened);
            session = SessionState.opened(opened);
        }
        SessionPhase before = session.phase(running.size());
        events.add(session.lost(
                lost.turn(), turn.match(), turn.startedAt(), ports.clock().instant()));
        return Effect()
                .persist(events)
                .thenRun((SessionState next) -> {
                    noLongerRuns(lost.turn());
                    logTransition(before, next, "turn lost");
                })
                .thenNoReply();
    }

    private ReplyEffect<SessionEvent, SessionState> onParentReplied(
            @Nullable SessionState state, ParentReplied replied) {
        parentKnowsUs = replied.linked();
        return Effect().noReply();
    }

    private ReplyEffect<SessionEvent, SessionState> onIdleElapsed(@Nullable SessionState state, IdleElapsed elapsed) {
        if (running.isEmpty()) {
            shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
            awaitIdle();
        }
        return Effect().noReply();
    }

    private ReplyEffect<SessionEvent, SessionState> onStop(@Nullable SessionState state, Stop stop) {
        return Effect().stop().thenNoReply();
    }

    private SessionState after(@Nullable SessionState state, SessionEvent event) {
        return state == null ? SessionState.opened((SessionOpened) event) : state.apply(event, settings.limits());
    }

    private static SessionOpened opened(SessionContext session, Instant at) {
        return new SessionOpened(session.tenant(), session.id(), session.parent(), at);
    }

    private Set<Integer> busyBeside(TurnId turn) {
        Set<Integer> busy = new HashSet<>();
        running.forEach((id, other) -> {
            if (!id.equals(turn) && other.match().frontier() != null) {
                busy.add(other.match().frontier().id());
            }
        });
        return busy;
    }

    private void noLongerRuns(TurnId turn) {
        RunningTurn ended = running.remove(turn);
        if (ended != null) {
            context.unwatch(ended.owner());
        }
        awaitIdle();
    }

    private void awaitIdle() {
        if (running.isEmpty()) {
            timers.startSingleTimer(IdleElapsed.class, new IdleElapsed(), settings.idleTimeout());
        }
    }

    /** Links this session to its parent; asked again with every turn until the parent has answered. */
    private void tellParent(SessionState state) {
        SessionId parent = state.parent();
        if (parent == null || parent.equals(state.id()) || parentKnowsUs) {
            return;
        }
        RecipientRef<Command> owner = ports.sessions().apply(new SessionKey(state.tenant(), parent).entityId());
        context.ask(
                ChildKnown.class,
                owner,
                settings.askTimeout(),
                replyTo -> new LinkChild(state.tenant(), parent, state.id(), replyTo),
                (known, failure) -> new ParentReplied(failure == null));
    }

    private void tellKeeper(
            SessionState without, SessionState state, SessionEvent.TurnCompleted ended, TurnResult result) {
        if (ports.retention() != null) {
            ports.retention().afterTurn(without, state, ended, result).forEach(action -> tellKeeper(state, action));
        }
    }

    /** Nobody waits for the keeper: what came of it is in its ledger, where the next turn asks. */
    private void tellKeeper(SessionState state, LeaseAction action) {
        SessionId root = state.parent() == null ? state.id() : state.parent();
        RecipientRef<LeaseKeeper.Command> keeper = ports.keepers().apply(state.tenant(), root);
        if (action instanceof LeaseAction.Ask ask) {
            keeper.tell(new LeaseKeeper.Grant(
                    ask.terms(), ask.remaining(), context.getSystem().ignoreRef()));
        } else if (action instanceof LeaseAction.End end) {
            keeper.tell(new LeaseKeeper.Release(end.lease()));
        } else {
            keeper.tell(new LeaseKeeper.ReleaseSession(state.tenant(), root, state.id()));
        }
    }

    private void logTransition(SessionPhase before, SessionState state, String reason) {
        SessionPhase now = state.phase(running.size());
        if (now != before) {
            context.getLog().info("session {}: {} => {}, {}", entityId, before, now, reason);
        }
    }
}
