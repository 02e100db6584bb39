package agents.session;

import static agents.session.Conversation.START;
import static agents.session.Conversation.completed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.SessionEvent.SessionOpened;
import inference.FinishReason;
import inference.SessionId;
import inference.TenantId;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ControlsTest {
    private static final SessionLimits LIMITS = new SessionLimits(4, 4, 8, 4, 2);
    private static final String SYSTEM = "s:You are a careful agent that answers in few words.";

    private SessionState state = SessionState.opened(
            new SessionOpened(TenantId.DEFAULT, new SessionId("session-1"), null, START, null, null));

    @BeforeEach
    void threeLines() {
        for (int i = 0; i < 3; i++) {
            SessionEvent ended = state.complete(
                            completed("" + i, i, i + 1, FinishReason.TOOL_CALLS, SYSTEM, "u:task " + i), Set.of())
                    .orElseThrow();
            state = state.apply(ended, LIMITS);
        }
    }

    private Controls.Answer decide(Control control, @Nullable String request, Integer... busy) {
        return Controls.decide(state, control, request, Set.of(busy), START.plusSeconds(60));
    }

    private Controls.Taken taken(Control control, @Nullable String request, Integer... busy) {
        Controls.Taken taken = assertInstanceOf(Controls.Taken.class, decide(control, request, busy));
        taken.events().forEach(event -> state = state.apply(event, LIMITS));
        return taken;
    }

    @Test
    void withoutANameItIsAboutTheLiveLineThatWasUsedLast() {
        assertEquals(
                List.of(2),
                taken(new Control.Stall(null, "bash", 5_000L), null).taken().frontiers());
        taken(new Control.Compact(List.of(2)), null);
        assertEquals(List.of(1), taken(new Control.Resume(null), null).taken().frontiers());
        assertEquals(List.of(0), taken(new Control.Resume(0), null).taken().frontiers());
        assertEquals(new Controls.Unknown("frontier 7"), decide(new Control.Resume(7), null));
    }

    @Test
    void aRequestIsDoneOncePerNameAndANameNeverMeansTwoThings() {
        Control stall = new Control.Stall(null, "bash", 5_000L);
        Controls.Taken first = taken(stall, "r1");
        assertEquals(1, first.events().size());

        Controls.Taken again = taken(stall, "r1");
        assertEquals(List.of(), again.events());
        assertEquals(first.taken(), again.taken());
        assertInstanceOf(Controls.Conflict.class, decide(new Control.Resume(null), "r1"));

        taken(stall, "r2");
        taken(stall, "r3");
        assertEquals(1, taken(stall, "r1").events().size(), "forgotten past the limit");
        assertEquals(1, taken(stall, null).events().size(), "without a name it is done each time");
        assertEquals(2, state.controls().size());
    }

    @Test
    void r5CompactionKillsTheLinesThatItNamesOrAllButTheNewest() {
        taken(new Control.Compact(List.of(1)), null);
        assertEquals(
                List.of(true, false, true),
                state.frontiers().stream().map(Frontier::live).toList());
        assertEquals(
                List.of(0), taken(new Control.Compact(List.of()), null).taken().frontiers());
        assertEquals(
                List.of(), taken(new Control.Compact(List.of()), null).taken().frontiers(), "nothing is left to do");
        assertEquals(new Controls.Unknown("frontier 9"), decide(new Control.Compact(List.of(9)), null));
    }

    @Test
    void aLineOnWhichATurnRunsIsNotDead() {
        assertInstanceOf(Controls.Conflict.class, decide(new Control.Compact(List.of(1)), null, 1));
        assertEquals(
                List.of(0),
                taken(new Control.Compact(List.of()), null, 1).taken().frontiers());
    }

    @Test
    void aPrefixIsKeptByTheHashThatTheLineageShows() {
        Frontier line = state.frontiers().get(2);
        Controls.Taken tip = taken(new Control.Keep(null, null, 60_000, 2), "k");
        assertEquals(
                line.tip().tail(), Objects.requireNonNull(tip.taken().kept()).tail());
        taken(new Control.Keep(2, line.system().tail(), 3_600_000, null), null);

        assertEquals(
                List.of(line.tip().blocks(), line.system().blocks()),
                Objects.requireNonNull(state.frontiers().get(2).kept()).stream()
                        .map(KeptPoint::blocks)
                        .toList());
        assertInstanceOf(
                Controls.Unknown.class, decide(new Control.Keep(2, new kv.SequenceHash(12345), 60_000, null), null));
        taken(new Control.Compact(List.of(2)), null);
        assertNull(state.frontiers().get(2).kept(), "a dead line keeps nothing");
    }

    @Test
    void aForkBeginsWithTheLineAsIfNothingHadRunInIt() {
        Controls.Taken fork = taken(new Control.Fork(new SessionId("child"), 1), "f");
        assertEquals(List.of(1), fork.taken().frontiers());
        Frontier line = state.frontiers().get(1);
        SessionState child = SessionState.opened(
                new SessionOpened(TenantId.DEFAULT, new SessionId("child"), null, START, state.id(), line.forked()));
        FrontierMatch match = child.match(
                line.model(),
                line.blockSizeTokens(),
                Conversation.outline(SYSTEM, "u:task 1", "a:a call", "t:its result")
                        .chain());

        assertEquals(FrontierMatch.Kind.EXTENDS, match.kind());
        assertEquals(0, Objects.requireNonNull(match.frontier()).id());
        assertEquals(child.id(), child.treeRoot(), "it does not end with the session that it left");
        SessionState after = child.apply(
                child.complete(
                                completed(
                                        "1", 90, 91, FinishReason.STOP, SYSTEM, "u:task 1", "a:a call", "t:its result"),
                                Set.of())
                        .orElseThrow(),
                LIMITS);
        assertEquals(1, after.frontiers().size());
    }

    @Test
    void aClosedSessionIsToldNothingButToClose() {
        taken(new Control.Close(), "c");
        assertTrue(state.closed());
        assertInstanceOf(Controls.Conflict.class, decide(new Control.Resume(null), null));
        assertFalse(taken(new Control.Close(), null).events().stream()
                .anyMatch(SessionEvent.SessionClosed.class::isInstance));
    }
}
