package agents.session;

import static agents.session.Conversation.completed;
import static agents.session.Conversation.outline;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import inference.FinishReason;
import java.util.List;
import kv.RetentionClass;
import org.junit.jupiter.api.Test;

class SegmentTest extends SessionFixture {
    @Test
    void segmentsCutTheLineIntoItsClasses() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        Frontier frontier = state.frontiers().get(0);
        int systemTokens = ("?system\n" + SYSTEM.substring(2) + "?\n").length();

        List<Segment> segments = frontier.segments(false);
        assertEquals(
                new Segment(
                        RetentionClass.SYSTEM,
                        0,
                        systemTokens / Conversation.BLOCK,
                        frontier.system().tail()),
                segments.get(0));
        assertEquals(RetentionClass.HISTORY, segments.get(1).retentionClass());
        assertEquals(segments.get(0).toBlock(), segments.get(1).fromBlock());
        assertEquals(frontier.tip().blocks(), segments.get(1).toBlock());
        assertEquals(RetentionClass.SUBAGENT, frontier.segments(true).get(1).retentionClass());
    }

    @Test
    void reasoningOfAnOpenToolLoopIsASegmentOfItsOwnUntilTheLoopCloses() {
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:one"));
        end(completed("2", 2, 3, FinishReason.TOOL_CALLS, THINKING));
        Frontier frontier = state.frontiers().get(0);
        Checkpoint before = outline(SYSTEM, "u:one").tip();

        assertEquals(
                List.of(
                        new Segment(
                                RetentionClass.SYSTEM,
                                0,
                                frontier.system().blocks(),
                                frontier.system().tail()),
                        new Segment(RetentionClass.HISTORY, frontier.system().blocks(), before.blocks(), before.tail()),
                        new Segment(
                                RetentionClass.REASONING,
                                before.blocks(),
                                frontier.tip().blocks(),
                                frontier.tip().tail())),
                frontier.segments(false));

        end(completed("3", 4, 5, FinishReason.STOP, longer(THINKING, "a:done", "u:two")));
        assertEquals(
                List.of(RetentionClass.SYSTEM, RetentionClass.HISTORY),
                state.frontiers().get(0).segments(false).stream()
                        .map(Segment::retentionClass)
                        .toList(),
                "replayed past its loop, it is history");
        assertFalse(state.frontiers().get(0).dropsReasoning());
    }
}
