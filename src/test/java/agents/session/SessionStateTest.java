package agents.session;

import static agents.session.Conversation.START;
import static agents.session.Conversation.completed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.SessionEvent.CloseReason;
import agents.session.SessionEvent.SessionOpened;
import inference.FinishReason;
import inference.SessionId;
import inference.TenantId;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionStateTest extends SessionFixture {
    @Test
    void everyListIsBounded() {
        String[] prompt = {SYSTEM, "u:0"};
        for (int i = 0; i < 10; i++) {
            end(completed("t" + i, i, i, FinishReason.STOP, prompt));
            prompt = longer(prompt, "a:" + i, "u:" + i);
        }
        assertEquals(3, state.frontiers().get(0).checkpoints().size());
        assertEquals(
                List.of("t5", "t6", "t7", "t8", "t9"),
                state.turns().stream().map(turn -> turn.id().value()).toList());
        assertEquals(10, state.totalTurns());

        for (int i = 0; i < 10; i++) {
            end(completed("s" + i, 20 + i, 20 + i, FinishReason.STOP, "s:system " + i, "u:x"));
            state = state.apply(state.link(new SessionId("child" + i), START).orElseThrow(), LIMITS);
        }
        assertEquals(
                List.of(7, 8, 9, 10),
                state.frontiers().stream().map(Frontier::id).toList());
        assertEquals(11, state.nextFrontier());
        assertEquals(List.of(new SessionId("child8"), new SessionId("child9")), state.children());
    }

    @Test
    void aTurnThatEndsAfterCloseIsRecordedAndTheSessionStaysClosed() {
        state = state.apply(state.close(CloseReason.REQUESTED, START).orElseThrow(), LIMITS);
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:one"));

        assertEquals(1, state.totalTurns());
        assertEquals(SessionPhase.CLOSED, state.phase(1));
        assertTrue(state.close(CloseReason.REQUESTED, START).isEmpty());
    }

    @Test
    void openingAClosedSessionForgetsItsPast() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        state = state.apply(state.close(CloseReason.FINAL_TURN, START).orElseThrow(), LIMITS);
        SessionOpened again = new SessionOpened(state.tenant(), state.id(), null, START.plusSeconds(9), null, null);

        assertEquals(SessionState.opened(again), state.apply(again, LIMITS));
    }

    @Test
    void anEventWrittenUnderOtherLimitsStillApplies() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        end(completed("2", 2, 3, FinishReason.STOP, SYSTEM, "u:one", "a:1", "u:two"));
        SessionEvent fork = state.complete(
                        completed("3", 4, 5, FinishReason.STOP, SYSTEM, "u:one", "a:1", "u:drei"), Set.of())
                .orElseThrow();
        SessionState forgetful = SessionState.opened(
                new SessionOpened(TenantId.DEFAULT, new SessionId("session-1"), null, START, null, null));

        SessionState after = forgetful.apply(fork, LIMITS);
        assertEquals(
                List.of(4),
                after.frontiers().get(0).checkpoints().stream()
                        .map(Checkpoint::messages)
                        .toList());
        assertEquals(3, after.totalTurns());
    }

    @Test
    void aSessionTakesAParentOnlyWhileNothingRanInIt() {
        SessionState alone = SessionState.opened(
                new SessionOpened(TenantId.DEFAULT, new SessionId("session-1"), null, START, null, null));
        SessionState placed =
                alone.apply(alone.place(new SessionId("p"), null, START).orElseThrow(), LIMITS);
        assertEquals(new SessionId("p"), placed.parent());
        assertEquals(new SessionId("p"), placed.treeRoot());

        SessionState deeper =
                placed.apply(placed.place(null, new SessionId("top"), START).orElseThrow(), LIMITS);
        assertEquals(new SessionId("p"), deeper.parent());
        assertEquals(new SessionId("top"), deeper.treeRoot());
        assertTrue(deeper.place(new SessionId("other"), null, START).isEmpty());
        assertTrue(deeper.place(null, deeper.id(), START).isEmpty(), "nobody is below itself");

        state = alone;
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        assertTrue(state.place(new SessionId("p"), null, START).isEmpty());
    }
}
