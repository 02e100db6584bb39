package agents;

import static agents.session.Conversation.START;
import static agents.session.Conversation.outline;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import agents.AgentSession.BeginReply;
import agents.AgentSession.BeginTurn;
import agents.AgentSession.Command;
import agents.AgentSession.CompleteTurn;
import agents.AgentSession.SessionFound;
import agents.AgentSession.TurnRecorded;
import agents.plan.RetentionSettings;
import agents.plan.SessionLeases;
import agents.session.PromptOutline;
import agents.session.SessionEvent;
import agents.session.SessionEvent.CloseReason;
import agents.session.SessionKey;
import agents.session.SessionLimits;
import agents.session.SessionPhase;
import agents.session.SessionState;
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
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import router.LeaseKeeper;

/** One session, whose parent, children and keeper the test plays. */
abstract class AgentSessionFixture {
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
    static final SessionId PARENT = new SessionId("parent");
    static final SessionContext SESSION =
            new SessionContext(TenantId.DEFAULT, new SessionId("session-1"), new SessionId("parent"), false);
    static final SessionLeases LEASES = SessionLeases.of(
            new RetentionSettings(
                    "leases",
                    0.9,
                    0.25,
                    Duration.ofSeconds(12),
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
    static final SessionContext LAST = new SessionContext(TenantId.DEFAULT, new SessionId("session-1"), null, true);
    static final String SYSTEM = "s:You are a careful agent that answers in few words.";

    static ActorTestKit kit;
    static ManualTime time;
    TestProbe<ClusterSharding.ShardCommand> shard;
    TestProbe<Command> parent;
    TestProbe<LeaseKeeper.Command> keeper;
    EventSourcedBehaviorTestKit<Command, SessionEvent, SessionState> session;

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

    SessionPorts ports(Instant now) {
        return new SessionPorts(
                id -> parent.getRef(), (tenant, root) -> keeper.getRef(), LEASES, InstantSource.fixed(now));
    }

    static BeginTurn begin(
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

    BeginReply begins(String turn, ActorRef<?> owner, String... prompt) {
        return session.<BeginReply>runCommand(replyTo -> begin(SESSION, turn, owner, replyTo, prompt))
                .reply();
    }

    CommandResultWithReply<Command, SessionEvent, SessionState, TurnRecorded> ends(
            SessionContext context, TurnResult result) {
        return session.<TurnRecorded>runCommand(replyTo -> new CompleteTurn(context, result, replyTo));
    }

    CommandResultWithReply<Command, SessionEvent, SessionState, AgentSession.CloseReply> closes() {
        return session.runCommand(replyTo -> new AgentSession.Close(CloseReason.REQUESTED, replyTo));
    }

    SessionPhase phase() {
        var reply = session.<AgentSession.SessionReply>runCommand(AgentSession.GetSession::new)
                .reply();
        return assertInstanceOf(SessionFound.class, reply).phase();
    }
}
