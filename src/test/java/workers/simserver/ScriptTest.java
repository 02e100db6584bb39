package workers.simserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.ContentBlock;
import inference.Message;
import inference.Role;
import inference.ToolChoice;
import inference.ToolDefinition;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScriptTest {
    private static final ToolDefinition WEATHER = new ToolDefinition(
            "get_weather",
            "",
            "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\"},"
                    + "\"unit\":{\"enum\":[\"C\",\"F\"]}}}",
            null);
    private static final ToolDefinition LIST = new ToolDefinition("ls", "", "{}", null);

    private final List<Message> messages = new ArrayList<>();
    private final List<ToolDefinition> tools = new ArrayList<>();
    private ToolChoice choice = ToolChoice.AUTO;
    private boolean parallel = true;
    private boolean reasoning = true;

    @Test
    void withoutADirectiveTheLastUserTextComesBack() {
        messages.add(new Message(
                Role.USER, List.of(new ContentBlock.Text("<reminder/>"), new ContentBlock.Text("good day"))));
        assertEquals("echo: good day", text());
    }

    @Test
    void elementsAnswerTheTurnsAfterTheirMessage() {
        user("before");
        assistant("old");
        user("[sim][{\"text\":\"one\"},[{\"text\":\"two\"}]][/sim]");
        assertEquals("one", text());
        assistant("one");
        user("go on");
        assertEquals("two", text());
        assistant("two");
        user("and?");
        assertEquals("script complete", text());
    }

    @Test
    void theNewestReadableDirectiveCounts() {
        user("[sim][{\"text\":\"first\"}][/sim]");
        assistant("first");
        user("[sim][{\"text\":\"second\"}][/sim] [sim]not json[/sim]");
        assertEquals("second", text());
        assistant("second");
        user("Give this a title: [sim] and [sim][{\"what\":1}][/sim]");
        assertEquals("script complete", text());
    }

    @Test
    void unreadableDirectivesAreText() {
        user("[sim]oops[/sim]");
        assertEquals("echo: [sim]oops[/sim]", text());
    }

    @Test
    void oneLevelOfEscapingIsUndone() {
        user("run \"[sim][{\\\"text\\\":\\\"say \\\\\\\"hi\\\\\\\"\\\"}][/sim]\"");
        assertEquals("say \"hi\"", text());
    }

    @Test
    void theNewestToolResultStandsForItsPlaceholder() {
        user("[sim][[],{\"text\":\"got {{tool}}!\"}][/sim]");
        messages.add(new Message(Role.ASSISTANT, List.of(new ContentBlock.ToolUse("1", "ls", "{}"))));
        messages.add(new Message(
                Role.TOOL,
                List.of(
                        new ContentBlock.ToolResult("1", List.of(new ContentBlock.Text("a")), false),
                        new ContentBlock.ToolResult("2", List.of(new ContentBlock.Text("b")), false))));
        assertEquals("got b!", text());
    }

    @Test
    void callsNeedTheirToolAndPermission() {
        tools.add(LIST);
        user(
                "[sim][[{\"call\":\"rm\"},{\"call\":\"ls\",\"args\":{\"b\":1,\"a\":[2.50]}},{\"call\":\"ls\",\"input\":\"x\"}]][/sim]");
        assertEquals(List.of("{\"b\":1,\"a\":[2.5]}", "x"), calls());
        parallel = false;
        assertEquals(1, calls().size());
        choice = new ToolChoice(ToolChoice.Mode.NONE, null);
        assertEquals("ok", text());
    }

    @Test
    void thoughtsAreDroppedWhenReasoningIsOff() {
        user("[sim][[{\"think\":\"hm\"}]][/sim]");
        assertInstanceOf(Action.Think.class, reply().get(0));
        reasoning = false;
        assertEquals("ok", text());
    }

    @Test
    void nothingRunsBehindAFault() {
        user(
                "[sim][[{\"text\":\"a\"},{\"error\":{\"kind\":\"overloaded\",\"retry_after\":1}},{\"text\":\"b\"}]][/sim]");
        assertEquals(2, reply().size());
        Action.Fail fail = assertInstanceOf(Action.Fail.class, reply().get(1));
        assertEquals(Action.Fail.Kind.OVERLOADED, fail.kind());
        assertEquals(1, fail.retryAfterSeconds());
    }

    @Test
    void aWordOfAToolsNameCallsItOncePerUserText() {
        tools.add(LIST);
        tools.add(WEATHER);
        user("What's the WEATHER like?");
        assertEquals(List.of("{\"city\":\"sample\",\"days\":1,\"unit\":\"C\"}"), calls());
        messages.add(new Message(Role.ASSISTANT, List.of(new ContentBlock.ToolUse("1", "get_weather", "{}"))));
        messages.add(new Message(
                Role.TOOL, List.of(new ContentBlock.ToolResult("1", List.of(new ContentBlock.Text("sun")), false))));
        assertTrue(text().startsWith("echo: "));
    }

    @Test
    void aForcedChoiceCalls() {
        tools.add(LIST);
        tools.add(WEATHER);
        user("hello");
        choice = new ToolChoice(ToolChoice.Mode.REQUIRED, null);
        assertEquals("ls", assertInstanceOf(Action.Call.class, reply().get(0)).name());
        choice = new ToolChoice(ToolChoice.Mode.NAMED, "get_weather");
        assertEquals(
                "get_weather",
                assertInstanceOf(Action.Call.class, reply().get(0)).name());
    }

    private void user(String text) {
        messages.add(Message.text(Role.USER, text));
    }

    private void assistant(String text) {
        messages.add(Message.text(Role.ASSISTANT, text));
    }

    private List<Action> reply() {
        return Script.reply(new Conversation(messages, tools, choice, parallel, reasoning));
    }

    private String text() {
        assertEquals(1, reply().size());
        return assertInstanceOf(Action.Say.class, reply().get(0)).text();
    }

    private List<String> calls() {
        return reply().stream()
                .map(action -> ((Action.Call) action).arguments())
                .toList();
    }
}
