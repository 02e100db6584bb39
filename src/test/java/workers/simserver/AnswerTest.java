package workers.simserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.ByteTokenizer;
import inference.ChatMlTemplate;
import inference.ContentBlock;
import inference.InferenceEvent;
import inference.Message;
import inference.Role;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class AnswerTest {
    private static final ChatMlTemplate TEMPLATE = new ChatMlTemplate(new ByteTokenizer());
    private static final int PLENTY = 1_000_000;
    private static final Action.Pacing AT_ONCE = Action.Pacing.NONE;
    private static final List<Action> EVERYTHING = List.of(
            new Action.Think("hm", AT_ONCE),
            new Action.Say("I lo", AT_ONCE),
            new Action.Call("ls", "{\"path\":\"/ä\"}", AT_ONCE),
            new Action.Say("ök \uD83D\uDE00", AT_ONCE),
            new Action.Call("patch \"it\"", "*** free\nform", AT_ONCE));

    @Test
    void itsTokensAreThoseOfTheMessageItBecomes() {
        Answer answer = build(EVERYTHING, PLENTY, 0, false);
        int[] message = TEMPLATE.message(new Message(
                Role.ASSISTANT,
                List.of(
                        new ContentBlock.Thinking("hm", null),
                        new ContentBlock.Text("I loök \uD83D\uDE00"),
                        new ContentBlock.ToolUse("", "ls", "{\"path\":\"/ä\"}"),
                        new ContentBlock.ToolUse("", "patch \"it\"", "*** free\nform"))));
        int opening = TEMPLATE.replyOpening().length;
        assertArrayEquals(Arrays.copyOfRange(message, opening, message.length - 1), answer.tokens());
        assertEquals(Answer.Finish.TOOL_CALLS, answer.finish());
        assertEquals(2, answer.reasoningTokens(PLENTY));
    }

    @Property
    void whatIsShownDoesNotDependOnTheStrides(
            @ForAll @Size(max = 40) List<@IntRange(min = 1, max = 9) Integer> strides) {
        Answer answer = build(EVERYTHING, PLENTY, 0, false);
        AnswerCursor cursor = new AnswerCursor(answer, call -> "id" + call, null);
        StringBuilder shown = new StringBuilder();
        int produced = 0;
        for (int stride : strides) {
            produced = Math.min(produced + stride, answer.tokens().length);
            cursor.advanceTo(produced).forEach(event -> shown.append(render(event)));
        }
        cursor.advanceTo(answer.tokens().length).forEach(event -> shown.append(render(event)));
        assertEquals(
                "(hm)I loök \uD83D\uDE00<id0 ls>{\"path\":\"/ä\"}<id1 patch \"it\">*** free\nform",
                shown.toString().replace(")(", ""));
    }

    @Test
    void aGreatestLengthCutsWithoutBreakingACharacter() {
        List<Action> say = List.of(new Action.Say("aä", AT_ONCE));
        Answer cut = build(say, 2, 0, false);
        assertEquals(2, cut.tokens().length);
        assertEquals(Answer.Finish.LENGTH, cut.finish());
        assertEquals("a", shown(cut));
        // Three bytes and the end marker.
        assertEquals(Answer.Finish.LENGTH, build(say, 3, 0, false).finish());
        assertEquals(Answer.Finish.STOP, build(say, 4, 0, false).finish());
    }

    @Test
    void aLeastLengthPads() {
        List<Action> say = List.of(new Action.Say("hi", AT_ONCE));
        assertEquals(100, build(say, PLENTY, 100, false).tokens().length);
        Answer endless = build(say, 50, 0, true);
        assertEquals(50, endless.tokens().length);
        assertEquals(Answer.Finish.LENGTH, endless.finish());
        List<Action> call = List.of(new Action.Call("ls", "{}", AT_ONCE));
        assertTrue(build(call, PLENTY, 100, false).tokens().length >= 100);
    }

    @Test
    void theStopStringThatIsCompleteFirstEndsTheAnswerAndDoesNotShow() {
        List<Action> say = List.of(new Action.Say("one, twö; three", AT_ONCE), new Action.Call("ls", "{}", AT_ONCE));
        Answer answer = build(say, PLENTY, 0, false, "thr", "ö;", "never");
        assertEquals("one, tw", shown(answer));
        assertEquals("ö;", answer.stopString());
        assertEquals(Answer.Finish.STOP, answer.finish());
        assertEquals("one, twö;".length() + 1, answer.tokens().length);
        assertEquals("thr", build(say, PLENTY, 11, false, "ö;", "thr").stopString());
        assertNull(build(say, 4, 0, false, "ö;").stopString());
    }

    @Test
    void scriptedEndsHaveNoEndMarker() {
        List<Action> filtered = List.of(
                new Action.Say("abc", AT_ONCE), new Action.Finish(Action.Finish.Reason.CONTENT_FILTER, AT_ONCE));
        assertEquals(3, build(filtered, PLENTY, 0, false).tokens().length);
        assertEquals(
                Answer.Finish.CONTENT_FILTER, build(filtered, PLENTY, 0, false).finish());
        List<Action> broken = List.of(
                new Action.Say("abc", AT_ONCE), new Action.Fail(Action.Fail.Kind.INTERNAL, "boom", null, AT_ONCE));
        assertNotNull(build(broken, PLENTY, 0, false).failure());
        assertNull(build(broken, 2, 0, false).failure());
    }

    @Test
    void delaysStandBeforeAnActionAndPacesBeforeEachOfItsTokens() {
        Answer answer = build(
                List.of(new Action.Say("ab", AT_ONCE), new Action.Say("cd", new Action.Pacing(100, 5))),
                PLENTY,
                0,
                false);
        assertArrayEquals(
                new double[] {0, 0, 105, 5, 0},
                java.util.stream.IntStream.range(0, 5)
                        .mapToDouble(answer::delayMillisBefore)
                        .toArray());
        assertTrue(answer.paced());
    }

    private static Answer build(List<Action> actions, int max, int min, boolean ignoreEnd, String... stop) {
        return AnswerBuilder.build(TEMPLATE, actions, new AnswerLimits(max, min, ignoreEnd, List.of(stop)));
    }

    private static String shown(Answer answer) {
        StringBuilder shown = new StringBuilder();
        new AnswerCursor(answer, call -> "", null)
                .advanceTo(answer.tokens().length)
                .forEach(event -> shown.append(render(event)));
        return shown.toString();
    }

    private static String render(InferenceEvent event) {
        if (event instanceof InferenceEvent.TextDelta text) {
            return text.text();
        } else if (event instanceof InferenceEvent.ThinkingDelta thinking) {
            return "(" + thinking.text() + ")";
        } else if (event instanceof InferenceEvent.ToolCallStarted call) {
            return "<" + call.id() + " " + call.name() + ">";
        } else if (event instanceof InferenceEvent.ToolCallDelta call) {
            return call.arguments();
        }
        throw new AssertionError(event);
    }
}
