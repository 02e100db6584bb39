package agents;

import static agents.session.Conversation.START;
import static agents.session.Conversation.completed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import agents.AgentSession.BeginReply;
import agents.AgentSession.Command;
import agents.AgentSession.CompleteTurn;
import agents.AgentSession.NoSuchSession;
import agents.AgentSession.TurnBegun;
import agents.AgentSession.TurnRecorded;
import agents.session.Control;
import agents.session.Conversation;
import agents.session.FrontierMatch;
import agents.session.SessionPhase;
import agents.session.SessionState;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import inference.FinishReason;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import router.LeaseKeeper;

class AgentSessionTest extends AgentSessionFixture {
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
    void whatIsKeptMovesBetweenTiersAsTheSessionIsExpectedUnlessItIsBackAlready() {
        String[] next = {SYSTEM, "u:hello", "a:calls a tool", "t:its result"};
        ends(SESSION, Conversation.calling(List.of("bash"), "1", 0, 2, SYSTEM, "u:hello"));
        keeper.expectMessageClass(LeaseKeeper.Grant.class);
        TestProbe<Object> turn = kit.createTestProbe();
        begins("2", turn.getRef(), next);
        time.timePasses(SETTINGS.idleTimeout());
        keeper.expectNoMessage(Duration.ZERO);

        ends(SESSION, Conversation.calling(List.of("bash"), "2", 5, 6, next));
        LeaseKeeper.Grant longer = keeper.expectMessageClass(LeaseKeeper.Grant.class);
        keeper.expectMessageClass(LeaseKeeper.Release.class);
        time.timePasses(Duration.ofMillis(500));
        keeper.expectNoMessage(Duration.ZERO);
        time.timePasses(Duration.ofSeconds(5));
        keeper.expectMessage(new LeaseKeeper.Prefetch(longer.terms().id()));
        time.timePasses(Duration.ofMinutes(1));
        keeper.expectMessage(new LeaseKeeper.Demote(longer.terms().id()));
    }

    @Test
    void aHarnessThatSaysItIsBackHasItFetchedAtOnce() {
        ends(SESSION, Conversation.calling(List.of("bash"), "1", 0, 2, SYSTEM, "u:hello"));
        LeaseKeeper.Grant kept = keeper.expectMessageClass(LeaseKeeper.Grant.class);

        session.<AgentSession.ControlReply>runCommand(
                replyTo -> new AgentSession.TakeControl(new Control.Resume(null), null, replyTo));

        assertEquals(
                kept.terms().id(),
                keeper.expectMessageClass(LeaseKeeper.Grant.class).terms().id());
        time.timePasses(Duration.ofMillis(100));
        keeper.expectMessage(new LeaseKeeper.Prefetch(kept.terms().id()));
        time.timePasses(Duration.ofMinutes(1));
        keeper.expectNoMessage(Duration.ZERO);
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
