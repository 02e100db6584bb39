package agents.session;

import static agents.session.Conversation.START;
import static agents.session.Conversation.completed;
import static agents.session.Conversation.without;
import static org.junit.jupiter.api.Assertions.assertEquals;

import agents.session.SessionEvent.CloseReason;
import agents.session.SessionEvent.SessionOpened;
import inference.FinishReason;
import inference.SessionId;
import inference.TenantId;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole table: every phase against everything that can happen. */
class SessionPhaseTest {
    private static final SessionLimits LIMITS = new SessionLimits(8, 8, 8, 8, 8);

    /** A session and the turns that run in it. */
    private record World(SessionState state, int running) {
        SessionPhase phase() {
            return state.phase(running);
        }

        World with(SessionEvent event) {
            return new World(state.apply(event, LIMITS), running);
        }

        World running(int turns) {
            return new World(state, turns);
        }

        World ended(TurnResult result) {
            return with(state.complete(result, Set.of()).orElseThrow()).running(Math.max(0, running - 1));
        }
    }

    private static final SessionOpened OPENED =
            new SessionOpened(TenantId.DEFAULT, new SessionId("session-1"), null, START, null, null);

    private static World in(SessionPhase phase) {
        World idle = new World(SessionState.opened(OPENED), 0);
        return switch (phase) {
            case IDLE -> idle;
            case REASONING -> idle.running(1);
            case ACTING -> idle.running(1).ended(completed("before", 0, 1, FinishReason.TOOL_CALLS, "s:x", "u:y"));
            case CLOSED ->
                idle.with(idle.state().close(CloseReason.REQUESTED, START).orElseThrow());
        };
    }

    private static World after(World world, String happening) {
        return switch (happening) {
            case "turn begins" ->
                world.state().closed()
                        ? world.with(OPENED).running(world.running() + 1)
                        : world.running(world.running() + 1);
            case "turn ends in tool calls" ->
                world.ended(completed("now", 2, 3, FinishReason.TOOL_CALLS, "s:x", "u:y", "a:1", "t:2"));
            case "turn ends in text" ->
                world.ended(completed("now", 2, 3, FinishReason.STOP, "s:x", "u:y", "a:1", "t:2"));
            case "one of two turns ends" ->
                world.running(2).ended(completed("now", 2, 3, FinishReason.STOP, "s:x", "u:y", "a:1", "t:2"));
            case "turn fails without a token" ->
                world.ended(without("now", TurnOutcome.OVERLOADED, 2, "s:x", "u:y", "a:1", "t:2"));
            case "child linked" ->
                world.with(world.state().link(new SessionId("child"), START).orElseThrow());
            case "closed" ->
                world.state()
                        .close(CloseReason.REQUESTED, START)
                        .map(world::with)
                        .orElse(world);
            default -> throw new IllegalArgumentException(happening);
        };
    }

    @ParameterizedTest(name = "{1} in {0} => {2}")
    @CsvSource({
        "IDLE,      turn begins,                REASONING",
        "REASONING, turn begins,                REASONING",
        "ACTING,    turn begins,                REASONING",
        "CLOSED,    turn begins,                REASONING",
        "IDLE,      turn ends in tool calls,    ACTING",
        "REASONING, turn ends in tool calls,    ACTING",
        "ACTING,    turn ends in tool calls,    ACTING",
        "CLOSED,    turn ends in tool calls,    CLOSED",
        "IDLE,      turn ends in text,          IDLE",
        "REASONING, turn ends in text,          IDLE",
        "ACTING,    turn ends in text,          IDLE",
        "CLOSED,    turn ends in text,          CLOSED",
        "IDLE,      one of two turns ends,      REASONING",
        "REASONING, one of two turns ends,      REASONING",
        "ACTING,    one of two turns ends,      REASONING",
        "CLOSED,    one of two turns ends,      CLOSED",
        "IDLE,      turn fails without a token, IDLE",
        "REASONING, turn fails without a token, IDLE",
        "ACTING,    turn fails without a token, ACTING",
        "CLOSED,    turn fails without a token, CLOSED",
        "IDLE,      child linked,               IDLE",
        "REASONING, child linked,               REASONING",
        "ACTING,    child linked,               ACTING",
        "CLOSED,    child linked,               CLOSED",
        "IDLE,      closed,                     CLOSED",
        "REASONING, closed,                     CLOSED",
        "ACTING,    closed,                     CLOSED",
        "CLOSED,    closed,                     CLOSED",
    })
    void happening(SessionPhase before, String happening, SessionPhase expected) {
        World world = in(before);
        assertEquals(before, world.phase());

        assertEquals(expected, after(world, happening).phase());
    }
}
