package agents;

import static agents.session.Conversation.WORKER;
import static agents.session.Conversation.completed;
import static agents.session.Conversation.without;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.AgentSession.BeginReply;
import agents.AgentSession.SessionFound;
import agents.AgentSession.TurnBegun;
import agents.AgentSession.TurnRunning;
import agents.session.FrontierMatch;
import agents.session.SessionEvent;
import agents.session.SessionPhase;
import agents.session.TurnOutcome;
import agents.session.TurnResult;
import akka.actor.testkit.typed.javadsl.TestProbe;
import inference.FinishReason;
import inference.SessionId;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionTurnsTest extends AgentSessionFixture {
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
}
