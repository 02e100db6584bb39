package agents;

import static agents.session.Conversation.START;
import static agents.session.Conversation.WORKER;
import static agents.session.Conversation.completed;
import static agents.session.Conversation.outline;
import static agents.session.Conversation.without;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.AgentSession.BeginReply;
import agents.AgentSession.BeginTurn;
import agents.AgentSession.Command;
import agents.AgentSession.CompleteTurn;
import agents.AgentSession.NoSuchSession;
import agents.AgentSession.SessionFound;
import agents.AgentSession.TurnBegun;
import agents.AgentSession.TurnRecorded;
import agents.AgentSession.TurnRunning;
import agents.plan.RetentionSettings;
import agents.plan.SessionLeases;
import agents.session.Conversation;
import agents.session.FrontierMatch;
import agents.session.PromptOutline;
import agents.session.SessionEvent;
import agents.session.SessionEvent.CloseReason;
import agents.session.SessionKey;
import agents.session.SessionLimits;
import agents.session.SessionPhase;
import agents.session.SessionState;
import agents.session.TurnOutcome;
import agents.session.TurnResult;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import akka.persistence.testkit.javadsl.EventSourcedBehaviorTestKit.CommandResultWithReply;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import inference.FinishReason;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import router.LeaseKeeper;

class AgentSessionTest {
    static final AgentSettings.Session SETTINGS = new AgentSettings.Session(
            Duration.ofMinutes(5),
            3,
            new SessionLimits(4, 4, 16, 4, 8),
            Duration.ofSeconds(3),
            Duration.ofSeconds(1),
            Duration.ofMillis(10),
            Duration.ofMillis(100));
    static final Config CONFIG = ConfigFactory.parseString(
                    """
                    akka.actor.testkit.typed.single-expect-default = 20s
                    akka.test.single-expect-default = 20s
                    """)
            .withFallback(ManualTime.config())
            .withFallback(EventSourcedBehaviorTestKit.config())
            .withFallback(ConfigFactory.parseResources("serialization.conf"))
            .withFallback(ConfigFactory.load())
            .resolve();
    private static final SessionId PARENT = new SessionId("parent");
    private static final SessionContext SESSION =
            new SessionContext(TenantId.DEFAULT, new SessionId("session-1"), new SessionId("parent"), false);
    static final SessionLeases LEASES = SessionLeases.of(
            new RetentionSettings(
                    "leases",
                    0.9,
                    Duration.ofSeconds(5),
                    Duration.ofMinutes(30),
                    2,
                    1024,
                    0,
                    3,
                    1.5,
                    new RetentionSettings.User(0.7, Duration.ZERO, 45, 1.5),
                    Duration.ZERO),
            tokens -> tokens);
    private static final SessionContext LAST =
            new SessionContext(TenantId.DEFAULT, new SessionId("session-1"), null, true);
    private static final String SYSTEM = "s:You are a careful agent that answers in few words.";

    private static ActorTestKit kit;
    private static ManualTime time;
    private TestProbe<ClusterSharding.ShardCommand> shard;
    private TestProbe<Command> parent;
    private TestProbe<LeaseKeeper.Command> keeper;
    private EventSourcedBehaviorTestKit<Command, SessionEvent, SessionState> session;

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create("AgentSessionTest", CONFIG);
        time = ManualTime.get(kit.system());
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    @BeforeEach
    void create() {
        shard = kit.createTestProbe();
        parent = kit.createTestProbe();
        keeper = kit.createTestProbe();
        session = EventSourcedBehaviorTestKit.create(
                kit.system(),
                AgentSession.create(
                        SessionKey.of(SESSION).entityId(), shard.getRef(), SETTINGS, ports(START.plusSeconds(99))));
        session.clear();
        session.restart();
    }

    private SessionPorts ports(Instant now) {
        return new SessionPorts(
                id -> parent.getRef(), (tenant, root) -> keeper.getRef(), LEASES, InstantSource.fixed(now));
    }

    private static BeginTurn begin(
            SessionContext context, String turn, ActorRef<?> owner, ActorRef<BeginReply> replyTo, String... prompt) {
        PromptOutline outline = outline(prompt);
        return new BeginTurn(
                context,
                new TurnId(turn),
                outline.model(),
                outline.blockSizeTokens(),
                outline.chain(),
                START,
                owner,
                replyTo);
    }

    private BeginReply begins(String turn, ActorRef<?> owner, String... prompt) {
        return session.<BeginReply>runCommand(replyTo -> begin(SESSION, turn, owner, replyTo, prompt))
                .reply();
    }

    private CommandResultWithReply<Command, SessionEvent, SessionState, TurnRecorded> ends(
            SessionContext context, TurnResult result) {
        return session.<TurnRecorded>runCommand(replyTo -> new CompleteTurn(context, result, replyTo));
    }

    private CommandResultWithReply<Command, SessionEvent, SessionState, AgentSession.CloseReply> closes() {
        return session.runCommand(replyTo -> new AgentSession.Close(CloseReason.REQUESTED, replyTo));
    }

    private SessionPhase phase() {
        var reply = session.<AgentSession.SessionReply>runCommand(AgentSession.GetSession::new)
                .reply();
        return assertInstanceOf(SessionFound.class, reply).phase();
    }

    @Test
    void nobodyHasOpenedItAtFirst() {
        assertInstanceOf(
                NoSuchSession.class,
                session.<AgentSession.SessionReply>runCommand(AgentSession.GetSession::new)
                        .reply());
        assertInstanceOf(
                NoSuchSession.class,
                session.<AgentSession.SummaryReply>runCommand(AgentSession.GetSummary::new)
                        .reply());
        assertInstanceOf(NoSuchSession.class, closes().reply());
    }

    @Test
    void aTurnBeginsEndsAndTheNextOneContinuesIt() {
        TestProbe<Object> turn = kit.createTestProbe();
        assertEquals(
                new TurnBegun(FrontierMatch.Kind.OPENS, -1, 0, null, PARENT),
                begins("1", turn.getRef(), SYSTEM, "u:list files"));
        assertEquals(SessionPhase.REASONING, phase());

        var ended = ends(SESSION, completed("1", 0, 2, FinishReason.TOOL_CALLS, SYSTEM, "u:list files"));
        assertInstanceOf(SessionEvent.TurnCompleted.class, ended.event());
        assertEquals(SessionPhase.ACTING, phase());

        TurnBegun next = (TurnBegun) begins("2", turn.getRef(), SYSTEM, "u:list files", "a:ls", "t:pom.xml");
        assertEquals(FrontierMatch.Kind.EXTENDS, next.kind());
        assertEquals(2, next.matchedMessages());
        assertEquals(ended.state().frontiers().get(0).tip().blocks(), next.knownBlocks());
        assertEquals(WORKER, next.lastWorker());
    }

    @Test
    void recordingATurnTwiceChangesNothing() {
        TurnResult result = completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:hello");
        ends(SESSION, result);

        var again = ends(SESSION, result);
        assertEquals(List.of(), again.events());
        assertEquals(1, again.state().totalTurns());
    }

    @Test
    void aTurnWhoseBeginningIsUnknownIsRecordedAllTheSame() {
        var ended = ends(SESSION, completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:hello"));

        assertEquals(2, ended.events().size(), "opened and completed at once");
        assertEquals(new SessionId("parent"), ended.state().parent());
    }

    @Test
    void theStateSurvivesARestartThroughEventsAndSnapshots() {
        for (int i = 0; i < 8; i++) {
            ends(SESSION, completed("t" + i, i, i, FinishReason.STOP, SYSTEM, "u:" + i));
        }
        SessionState before = session.getState();

        assertEquals(before, session.restart().state());
        assertEquals(8, before.totalTurns());
        assertEquals(4, before.frontiers().size());
    }

    @Test
    void aSecondOwnerOfARunningTurnIsRefusedAndTheFirstMayRepeatItself() {
        TestProbe<Object> first = kit.createTestProbe();
        TestProbe<Object> second = kit.createTestProbe();
        assertInstanceOf(TurnBegun.class, begins("1", first.getRef(), SYSTEM, "u:hello"));

        assertInstanceOf(TurnRunning.class, begins("1", second.getRef(), SYSTEM, "u:hello"));
        assertInstanceOf(TurnBegun.class, begins("1", first.getRef(), SYSTEM, "u:hello"));

        ends(SESSION, without("1", TurnOutcome.CANCELLED, 1, SYSTEM, "u:hello"));
        assertInstanceOf(TurnBegun.class, begins("1", second.getRef(), SYSTEM, "u:hello"));
    }

    @Test
    void aTurnWhoseOwnerDiesIsRecordedAsLost() {
        TestProbe<Object> owner = kit.createTestProbe();
        begins("1", owner.getRef(), SYSTEM, "u:hello");
        TestProbe<AgentSession.SessionReply> probe = kit.createTestProbe();

        owner.stop();
        SessionFound found = probe.awaitAssert(() -> {
            var reply = session.<AgentSession.SessionReply>runCommand(AgentSession.GetSession::new)
                    .reply();
            SessionFound now = (SessionFound) reply;
            assertEquals(1, now.state().totalTurns());
            return now;
        });
        assertEquals(TurnOutcome.LOST, found.state().turns().get(0).outcome());
        assertEquals(SessionPhase.IDLE, found.phase());
        assertTrue(found.state().frontiers().isEmpty());
    }

    @Test
    void aClosedSessionRecordsWhatRanAndStartsAnewWithTheNextTurn() {
        TestProbe<Object> turn = kit.createTestProbe();
        begins("1", turn.getRef(), SYSTEM, "u:hello");
        closes();
        assertEquals(SessionPhase.CLOSED, phase());

        var ended = ends(SESSION, completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:hello"));
        assertEquals(1, ended.state().totalTurns());
        assertEquals(SessionPhase.CLOSED, phase());
        assertEquals(List.of(), closes().events());

        assertEquals(
                new TurnBegun(FrontierMatch.Kind.OPENS, -1, 0, null, PARENT),
                begins("2", turn.getRef(), SYSTEM, "u:hello"));
        assertEquals(0, session.getState().totalTurns());
        assertEquals(SessionPhase.REASONING, phase());
    }

    @Test
    void theLastTurnClosesTheSession() {
        TurnResult result = completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:bye");
        assertTrue(ends(LAST, result).state().closed());

        assertEquals(List.of(), ends(LAST, result).events());
    }

    @Test
    void aLastTurnThatFailedClosesNothingSoThatItCanBeTriedAgain() {
        assertFalse(ends(LAST, without("1", TurnOutcome.OVERLOADED, 2, SYSTEM, "u:bye"))
                .state()
                .closed());

        assertTrue(ends(LAST, completed("1", 3, 4, FinishReason.STOP, SYSTEM, "u:bye"))
                .state()
                .closed());
    }

    @Test
    void severalAnswersToTheLastRequestCloseTheSessionWithTheirLast() {
        beginLast("1", "1_1");
        assertFalse(closedBy(completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:bye")));
        assertTrue(closedBy(completed("1_1", 0, 3, FinishReason.STOP, SYSTEM, "u:bye")));
    }

    @Test
    void aLastRequestOfWhichOneAnswerFailedClosesNothingSoThatItCanBeTriedAgain() {
        beginLast("1", "1_1", "1_2");
        assertFalse(closedBy(completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:bye")));
        assertFalse(closedBy(without("1_1", TurnOutcome.ENGINE_FAILED, 3, SYSTEM, "u:bye")));
        assertFalse(closedBy(completed("1_2", 0, 4, FinishReason.STOP, SYSTEM, "u:bye")));

        assertTrue(closedBy(completed("1_1", 5, 6, FinishReason.STOP, SYSTEM, "u:bye")));
    }

    @Test
    void aLastRequestThatIsTriedAgainClosesTheSessionWhateverBecomesOfTheFirstTry() {
        beginLast("1", "2");
        assertTrue(closedBy(completed("2", 2, 3, FinishReason.STOP, SYSTEM, "u:bye")));

        assertEquals(
                2,
                ends(LAST, without("1", TurnOutcome.CANCELLED, 4, SYSTEM, "u:bye"))
                        .state()
                        .totalTurns());
        assertEquals(SessionPhase.CLOSED, phase());
    }

    private void beginLast(String... turns) {
        for (String turn : turns) {
            TestProbe<Object> owner = kit.createTestProbe();
            session.<BeginReply>runCommand(replyTo -> begin(LAST, turn, owner.getRef(), replyTo, SYSTEM, "u:bye"));
        }
    }

    private boolean closedBy(TurnResult result) {
        return ends(LAST, result).state().closed();
    }

    @Test
    void aTurnThatCallsToolsLeasesItsPromptAndTheNextOneReplacesTheLease() {
        ends(SESSION, Conversation.calling(List.of("bash"), "1", 0, 2, SYSTEM, "u:hello"));
        LeaseKeeper.Grant first = keeper.expectMessageClass(LeaseKeeper.Grant.class);
        assertEquals(SESSION.id(), first.terms().session());

        ends(SESSION, completed("2", 5, 6, FinishReason.STOP, SYSTEM, "u:hello", "a:calls a tool", "t:its result"));
        assertEquals(
                first.terms().id(),
                keeper.expectMessageClass(LeaseKeeper.Release.class).lease());
    }

    @Test
    void aClosedSessionReleasesAllItsLeases() {
        ends(SESSION, completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:hello"));
        closes();
        assertEquals(
                SESSION.id(),
                keeper.expectMessageClass(LeaseKeeper.ReleaseSession.class).session());
    }

    @Test
    void aParentIsToldUntilItAnswers() {
        TestProbe<Object> turn = kit.createTestProbe();
        begins("1", turn.getRef(), SYSTEM, "u:hello");
        var link = parent.expectMessageClass(AgentSession.LinkChild.class);
        assertEquals(new SessionId("session-1"), link.child());
        assertEquals(new SessionId("parent"), link.session());
        time.timePasses(SETTINGS.askTimeout().plusMillis(1));

        ends(SESSION, completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:hello"));
        parent.expectMessageClass(AgentSession.LinkChild.class).replyTo().tell(new AgentSession.ChildKnown(PARENT));

        AtomicInteger next = new AtomicInteger(1);
        parent.awaitAssert(() -> {
            int turnNumber = next.incrementAndGet();
            ends(SESSION, completed("" + turnNumber, turnNumber, turnNumber, FinishReason.STOP, SYSTEM, "u:hello"));
            parent.expectNoMessage(Duration.ZERO);
            return turnNumber;
        });
    }

    @Test
    void aParentThatNobodyOpenedIsOpenedByItsChild() {
        var linked = session.<AgentSession.ChildKnown>runCommand(
                replyTo -> new AgentSession.LinkChild(SESSION.tenant(), SESSION.id(), new SessionId("child"), replyTo));
        assertEquals(List.of(new SessionId("child")), linked.state().children());
        assertNull(linked.state().parent());

        var again = session.<AgentSession.ChildKnown>runCommand(
                replyTo -> new AgentSession.LinkChild(SESSION.tenant(), SESSION.id(), new SessionId("child"), replyTo));
        assertEquals(List.of(), again.events());
    }

    @Test
    void theRootOfItsTreeIsLearnedFromTheParentAndToldToTheChildren() {
        SessionId top = new SessionId("top");
        session.<AgentSession.ChildKnown>runCommand(
                replyTo -> new AgentSession.LinkChild(SESSION.tenant(), SESSION.id(), new SessionId("child"), replyTo));
        TestProbe<Object> turn = kit.createTestProbe();
        TurnBegun begun = (TurnBegun) begins("1", turn.getRef(), SYSTEM, "u:hello");
        assertEquals(PARENT, begun.root(), "as far as is known");
        assertEquals(
                PARENT, parent.expectMessageClass(AgentSession.LearnRoot.class).root());

        parent.expectMessageClass(AgentSession.LinkChild.class).replyTo().tell(new AgentSession.ChildKnown(top));
        assertEquals(
                top, parent.expectMessageClass(AgentSession.LearnRoot.class).root());
        assertEquals(top, ((TurnBegun) begins("1", turn.getRef(), SYSTEM, "u:hello")).root());

        ends(SESSION, Conversation.calling(List.of("bash"), "1", 0, 2, SYSTEM, "u:hello"));
        assertEquals(
                PARENT,
                keeper.expectMessageClass(LeaseKeeper.ReleaseSession.class).root(),
                "what was kept under the other root");
        assertEquals(
                top, keeper.expectMessageClass(LeaseKeeper.Grant.class).terms().root());
        assertEquals(session.getState(), session.restart().state());
    }

    @Test
    void aClosedSessionClosesThoseThatItSpawned() {
        session.<AgentSession.ChildKnown>runCommand(
                replyTo -> new AgentSession.LinkChild(SESSION.tenant(), SESSION.id(), new SessionId("child"), replyTo));
        closes();
        assertEquals(
                CloseReason.PARENT_OVER,
                parent.expectMessageClass(AgentSession.Close.class).reason());
        closes();
        parent.expectNoMessage(Duration.ZERO);
    }

    @Test
    void anIdleSessionAsksToPassivateButNotWhileATurnRuns() {
        TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();
        ActorRef<Command> live = kit.spawn(AgentSession.create("idle-session", shard.getRef(), SETTINGS, ports(START)));
        TestProbe<BeginReply> begun = kit.createTestProbe();
        TestProbe<TurnRecorded> recorded = kit.createTestProbe();
        TestProbe<Object> turn = kit.createTestProbe();
        live.tell(begin(SESSION, "1", turn.getRef(), begun.getRef(), SYSTEM, "u:hello"));
        begun.receiveMessage();

        time.timePasses(SETTINGS.idleTimeout().multipliedBy(2));
        shard.expectNoMessage(Duration.ZERO);

        live.tell(new CompleteTurn(
                SESSION, completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:hello"), recorded.getRef()));
        recorded.receiveMessage();
        time.timePasses(SETTINGS.idleTimeout());
        shard.expectMessage(new ClusterSharding.Passivate<>(live));

        live.tell(AgentSession.stopMessage());
        recorded.expectTerminated(live);
    }
}
