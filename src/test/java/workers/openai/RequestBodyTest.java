package workers.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import inference.AgentHints;
import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.TurnId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RequestBodyTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void writesMessagesAsTheChatApiWantsThem() throws IOException {
        JsonNode messages = body(
                        List.of(
                                Message.text(Role.SYSTEM, "be brief"),
                                new Message(
                                        Role.USER,
                                        List.of(
                                                new ContentBlock.Text("look"),
                                                new ContentBlock.Image("image/png", "data:image/png;base64,AA=="))),
                                new Message(
                                        Role.ASSISTANT,
                                        List.of(
                                                new ContentBlock.Thinking("hm", null),
                                                new ContentBlock.ToolUse("c1", "read", "{\"b\":1,\"a\":2}"),
                                                new ContentBlock.ToolUse("c2", "list", "{}"))),
                                new Message(
                                        Role.TOOL,
                                        List.of(
                                                new ContentBlock.ToolResult(
                                                        "c1", List.of(new ContentBlock.Text("file")), false),
                                                new ContentBlock.ToolResult("c2", List.of(), false)))),
                        TenantId.DEFAULT,
                        false)
                .path("messages");

        assertEquals(
                "{\"role\":\"system\",\"content\":\"be brief\"}",
                messages.path(0).toString());
        assertEquals(
                "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"look\"},"
                        + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AA==\"}}]}",
                messages.path(1).toString());
        assertEquals(
                "{\"role\":\"assistant\",\"tool_calls\":["
                        + "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"read\","
                        + "\"arguments\":\"{\\\"b\\\":1,\\\"a\\\":2}\"}},"
                        + "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"list\",\"arguments\":\"{}\"}}],"
                        + "\"reasoning_content\":\"hm\",\"content\":null}",
                messages.path(2).toString());
        assertEquals(
                "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"file\"}",
                messages.path(3).toString());
        assertEquals(
                "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"\"}",
                messages.path(4).toString());
    }

    @Test
    void writesToolsWithTheirSchemaUntouched() throws IOException {
        JsonNode body = body(List.of(Message.text(Role.USER, "x")), TenantId.DEFAULT, false);

        assertEquals(
                "{\"type\":\"function\",\"function\":{\"name\":\"read\",\"description\":\"Reads\","
                        + "\"parameters\":{\"z\":1,\"a\":[1.0]},\"strict\":true}}",
                body.path("tools").path(0).toString());
        assertEquals(
                "{\"type\":\"function\",\"function\":{\"name\":\"read\"}}",
                body.path("tool_choice").toString());
        assertFalse(body.path("parallel_tool_calls").asBoolean(true));
    }

    @Test
    void writesSamplingAndAsksForUsage() throws IOException {
        JsonNode body = body(List.of(Message.text(Role.USER, "x")), TenantId.DEFAULT, false);

        assertEquals(100, body.path("max_tokens").asInt());
        assertEquals(5, body.path("min_tokens").asInt());
        assertEquals(0.5, body.path("temperature").asDouble());
        assertEquals(42, body.path("seed").asLong());
        assertEquals("[\"END\"]", body.path("stop").toString());
        assertFalse(body.has("top_p"));
        assertEquals("{\"include_usage\":true}", body.path("stream_options").toString());
    }

    @Test
    void saysHowMuchToThinkOnlyWhenItIsSaid() throws IOException {
        List<Message> messages = List.of(Message.text(Role.USER, "x"));

        JsonNode unsaid = body(messages, TenantId.DEFAULT, false, null);
        assertFalse(unsaid.has("chat_template_kwargs") || unsaid.has("reasoning_effort"));
        JsonNode none = body(messages, TenantId.DEFAULT, false, ReasoningEffort.NONE);
        assertEquals(
                "{\"enable_thinking\":false}", none.path("chat_template_kwargs").toString());
        assertFalse(none.has("reasoning_effort"));
        JsonNode high = body(messages, TenantId.DEFAULT, false, ReasoningEffort.HIGH);
        assertEquals("high", high.path("reasoning_effort").asText());
        assertFalse(high.has("chat_template_kwargs"));
    }

    @Test
    void aPromptIsTokenisedWithWhatItsTemplateIsToldOfTheEffort() {
        List<Message> messages = List.of(Message.text(Role.USER, "x"));

        JsonNode high = RequestBody.prompt(request(messages, TenantId.DEFAULT, ReasoningEffort.HIGH), false);
        assertEquals(
                "{\"enable_thinking\":true,\"reasoning_effort\":\"high\"}",
                high.path("chat_template_kwargs").toString());
        JsonNode none = RequestBody.prompt(request(messages, TenantId.DEFAULT, ReasoningEffort.NONE), false);
        assertEquals(
                "{\"enable_thinking\":false}", none.path("chat_template_kwargs").toString());
        List<String> fields = new ArrayList<>();
        none.fieldNames().forEachRemaining(fields::add);
        assertEquals(List.of("model", "messages", "tools", "chat_template_kwargs", "add_generation_prompt"), fields);
    }

    @Test
    void saltsTheCacheOfATenantAndOfNobodyElse() throws IOException {
        List<Message> messages = List.of(Message.text(Role.USER, "x"));

        assertEquals(
                "acme",
                body(messages, new TenantId("acme"), false).path("cache_salt").asText());
        assertFalse(body(messages, TenantId.DEFAULT, false).has("cache_salt"));
    }

    @Test
    void turnsTheSignOfAPriorityAndSendsItOnlyWhereItIsAccepted() throws IOException {
        List<Message> messages = List.of(Message.text(Role.USER, "x"));

        assertEquals(-7, body(messages, TenantId.DEFAULT, true).path("priority").asInt());
        assertFalse(body(messages, TenantId.DEFAULT, false).has("priority"));
        assertEquals(7, EnginePriority.HIGHER_FIRST.of(7));
        InferenceRequest plain = request(messages, TenantId.DEFAULT, null)
                .answeredBy(new TurnId("t2"), Sampling.DEFAULT, AgentHints.NONE);
        assertEquals(
                0, body(plain, EnginePriority.HIGHER_FIRST).path("priority").asInt(-1), "without a hint, too");
        assertEquals(
                Integer.MAX_VALUE, EnginePriority.LOWER_FIRST.of(Integer.MIN_VALUE), "it stays in an engine's range");
    }

    @Test
    void logProbabilitiesAndBiasesAreAskedForAsTheApiHasIt() throws IOException {
        JsonNode body = body(List.of(Message.text(Role.USER, "x")), TenantId.DEFAULT, false);

        assertTrue(body.path("logprobs").asBoolean());
        assertEquals(3, body.path("top_logprobs").asInt());
        assertEquals("{\"17\":-2.5}", body.path("logit_bias").toString());
    }

    private static JsonNode body(List<Message> messages, TenantId tenant, boolean withPriority) throws IOException {
        return body(messages, tenant, withPriority, null);
    }

    private static JsonNode body(
            List<Message> messages, TenantId tenant, boolean withPriority, @Nullable ReasoningEffort effort)
            throws IOException {
        return body(request(messages, tenant, effort), withPriority ? EnginePriority.LOWER_FIRST : EnginePriority.OFF);
    }

    private static JsonNode body(InferenceRequest request, EnginePriority urgency) throws IOException {
        return JSON.readTree(RequestBody.bytes(RequestBody.write(request, urgency)));
    }

    private static InferenceRequest request(List<Message> messages, TenantId tenant, @Nullable ReasoningEffort effort) {
        return new InferenceRequest(
                new TurnId("t1"),
                "sim-echo",
                new SessionContext(tenant, new SessionId("s"), null, false),
                List.of(new ToolDefinition("read", "Reads", "{\"z\":1,\"a\":[1.0]}", true)),
                new ToolChoice(ToolChoice.Mode.NAMED, "read"),
                false,
                messages,
                new Sampling(
                        100,
                        5,
                        0.5,
                        null,
                        null,
                        42L,
                        null,
                        null,
                        List.of("END"),
                        null,
                        3,
                        new TreeMap<>(Map.of(17, -2.5))),
                effort,
                new AgentHints(7, 0, null, false, null, null, null),
                List.of());
    }
}
