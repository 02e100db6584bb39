package agents.session;

import static agents.session.Conversation.completed;
import static agents.session.Conversation.without;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.FinishReason;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TurnEndsTest extends SessionFixture {
    @Test
    void aTurnIsRecordedOncePerIdAndOutcome() {
        end(without("1", TurnOutcome.CANCELLED, 0, SYSTEM, "u:one"));
        end(without("1", TurnOutcome.CANCELLED, 0, SYSTEM, "u:one"));
        assertEquals(1, state.totalTurns());

        end(completed("1", 2, 3, FinishReason.STOP, SYSTEM, "u:one"));
        assertEquals(2, state.totalTurns(), "a cancelled turn may be tried again under its id");

        end(without("1", TurnOutcome.ENGINE_FAILED, 4, SYSTEM, "u:one"));
        assertEquals(2, state.totalTurns(), "a completed one may not");
    }

    @Test
    void aTurnWithoutATokenLeavesTheFrontiersAlone() {
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:one"));
        end(without("2", TurnOutcome.OVERLOADED, 3, SYSTEM, "u:one", "a:1", "t:2"));

        assertEquals(2, state.frontiers().get(0).tip().messages());
        assertEquals(2, state.totalTurns());
        assertEquals(2_000, state.turns().get(1).gapMillis());
        assertEquals(SessionPhase.ACTING, state.phase(0), "the tool results are still to come");
    }

    @Test
    void severalAnswersToOnePromptAreNoSecondTurnOfTheirLine() {
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:long history"));
        end(completed("2", 2, 4, FinishReason.STOP, SYSTEM, "u:a subagent's task"));
        end(completed("2b", 2, 5, FinishReason.STOP, SYSTEM, "u:a subagent's task"));

        assertEquals(2, state.frontiers().size());
        assertTrue(state.frontiers().get(0).live(), "it still waits for its tools");
        assertNull(state.turns().get(2).gapMillis());
    }

    @Test
    void aLineWaitsForToolsIfOneOfSeveralAnswersCallsSome() {
        end(completed("1", 0, 3, FinishReason.STOP, SYSTEM, "u:one"));
        assertEquals(SessionPhase.IDLE, state.phase(0));
        end(Conversation.calling(List.of("bash"), "1b", 0, 4, SYSTEM, "u:one"));
        end(completed("1c", 0, 5, FinishReason.STOP, SYSTEM, "u:one"));
        assertEquals(SessionPhase.ACTING, state.phase(0));
        assertEquals(List.of("bash"), state.frontiers().get(0).calls());
        end(Conversation.calling(List.of("bash"), "1d", 0, 5, SYSTEM, "u:one"));
        assertEquals(List.of("bash"), state.frontiers().get(0).calls());
        for (String tool : List.of("make", "bash")) {
            end(Conversation.calling(List.of(tool), "1" + tool, 0, 5, SYSTEM, "u:one"));
            assertNull(state.frontiers().get(0).calls(), "which of them it waits for is not known");
            assertEquals(SessionPhase.ACTING, state.phase(0));
        }

        end(completed("2", 6, 7, FinishReason.STOP, SYSTEM, "u:one"));
        assertEquals(SessionPhase.IDLE, state.phase(0), "asked for again, it is another answer instead");
    }

    @Test
    void aFrontierLeftBehindIsDeadWithTheOthersSecondTurn() {
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:long history"));
        end(completed("2", 2, 3, FinishReason.STOP, SYSTEM, "u:summary of it"));
        assertTrue(state.frontiers().get(0).live());

        end(completed("3", 4, 5, FinishReason.STOP, SYSTEM, "u:summary of it", "a:ok", "u:go on"));
        assertFalse(state.frontiers().get(0).live());
        assertEquals(SessionPhase.IDLE, state.phase(0));

        end(completed("4", 6, 7, FinishReason.STOP, SYSTEM, "u:long history", "a:x", "t:late result"));
        assertTrue(state.frontiers().get(0).live(), "its next turn makes it live again");
    }

    @Test
    void linesThatTakeTurnsAlternatelyOrRunNowAreNotDead() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:A"));
        end(completed("2", 2, 3, FinishReason.STOP, SYSTEM, "u:B"));
        end(completed("3", 4, 5, FinishReason.STOP, SYSTEM, "u:A", "a:1", "u:A2"));
        assertFalse(state.frontiers().get(1).live() && state.frontiers().get(1).lastTurn() < 1);
        end(completed("4", 6, 7, FinishReason.STOP, SYSTEM, "u:B", "a:1", "u:B2"));
        assertTrue(state.frontiers().stream().allMatch(Frontier::live));

        end(completed("5", 8, 9, FinishReason.STOP, SYSTEM, "u:B", "a:1", "u:B2", "a:2", "u:B3"), Set.of(0));
        assertTrue(state.frontiers().get(0).live(), "a turn runs on it");
    }
}
