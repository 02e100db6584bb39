package frontend.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import frontend.Caller;
import frontend.FrontendFixture;
import frontend.JsonBody;
import frontend.RefusedRequest;
import frontend.SessionHeaders;
import inference.AnswerFormat;
import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.Role;
import inference.Sampling;
import inference.TenantId;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.TurnId;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChatCodecTest {
    private static final String USER = "{\"role\":\"user\",\"content\":\"hi\"}";
    private static final String TOOL_A = "{\"type\":\"function\",\"function\":{\"name\":\"a\"}}";
    private static final String TOOL_B = "{\"type\":\"function\",\"function\":{\"name\":\"b\"}}";

    @Nested
    class Conversations {

        @Test
        void everyRoleIsReadAndDeveloperIsSystem() {
            assertEquals(
                    List.of(
                            Message.text(Role.SYSTEM, "s"),
                            Message.text(Role.USER, "u"),
                            Message.text(Role.ASSISTANT, "a"),
                            new Message(Role.TOOL, List.of(result("c", text("t"))))),
                    messages("{\"role\":\"developer\",\"content\":\"s\"},"
                            + "{\"role\":\"user\",\"content\":\"u\",\"name\":\"ann\"},"
                            + "{\"role\":\"assistant\",\"content\":\"a\"},"
                            + "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"t\"}"));
        }

        @Test
        void adjacentMessagesOfOneRoleAreOne() {
            assertEquals(
                    List.of(
                            new Message(Role.SYSTEM, List.of(text("1"), text("2"))),
                            new Message(Role.USER, List.of(text("3"))),
                            new Message(Role.TOOL, List.of(result("x", text("4")), result("y", text("5"))))),
                    messages("{\"role\":\"system\",\"content\":\"1\"},{\"role\":\"developer\",\"content\":\"2\"},"
                            + "{\"role\":\"user\",\"content\":\"3\"},"
                            + "{\"role\":\"tool\",\"tool_call_id\":\"x\",\"content\":\"4\"},"
                            + "{\"role\":\"tool\",\"tool_call_id\":\"y\",\"content\":\"5\"}"));
        }

        @Test
        void partsAreReadWhereverContentIs() {
            assertEquals(
                    List.of(
                            new Message(
                                    Role.USER,
                                    List.of(
                                            text("look"),
                                            new ContentBlock.Image("image/*", "https://x/y.png"),
                                            new ContentBlock.Image("image/png", "data:image/png;base64,AAAA"))),
                            new Message(Role.TOOL, List.of(result("c", text("t"))))),
                    messages("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"look\"},"
                            + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x/y.png\",\"detail\":\"low\"}},"
                            + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]},"
                            + "{\"role\":\"tool\",\"tool_call_id\":\"c\","
                            + "\"content\":[{\"type\":\"text\",\"text\":\"t\"}]}"));
        }

        @Test
        void anAssistantsHistoryKeepsReasoningTextRefusalAndCallsInOrder() {
            assertEquals(
                    List.of(new Message(
                            Role.ASSISTANT,
                            List.of(
                                    new ContentBlock.Thinking("hm", null),
                                    text("well"),
                                    new ContentBlock.Refusal("no"),
                                    new ContentBlock.ToolUse("c1", "f", "{\"b\":1,\"a\":2}"),
                                    new ContentBlock.ToolUse("c2", "g", "{}"),
                                    new ContentBlock.ToolUse("c3", "patch", "{\"input\":\"*** raw\"}")))),
                    messages("{\"role\":\"assistant\",\"reasoning_content\":\"hm\",\"content\":\"well\","
                            + "\"refusal\":\"no\",\"tool_calls\":["
                            + "{\"id\":\"c1\",\"type\":\"function\",\"function\":"
                            + "{\"name\":\"f\",\"arguments\":\"{ \\\"b\\\": 1, \\\"a\\\": 2.0 }\"}},"
                            + "{\"id\":\"c2\",\"function\":{\"name\":\"g\",\"arguments\":\"\"}},"
                            + "{\"id\":\"c3\",\"type\":\"custom\",\"custom\":"
                            + "{\"name\":\"patch\",\"input\":\"*** raw\"}}]}"));
        }

        @Test
        void emptyAndNullContentLeaveNoTrace() {
            Message expected = new Message(Role.ASSISTANT, List.of(new ContentBlock.ToolUse("c", "f", "{}")));
            for (String content : List.of("null", "\"\"", "[]")) {
                assertEquals(
                        List.of(expected),
                        messages("{\"role\":\"assistant\",\"content\":" + content + ",\"tool_calls\":["
                                + "{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}"));
            }
        }

        @Test
        void halfASurrogatePairBecomesTheReplacementCharacter() {
            assertEquals(
                    List.of(Message.text(Role.USER, "a\uFFFDb\uD83D\uDE00")),
                    messages("{\"role\":\"user\",\"content\":\"a\\ud83db\\ud83d\\ude00\"}"));
        }

        private List<Message> messages(String list) {
            return decode("{\"model\":\"m\",\"messages\":[" + list + "]}").messages();
        }
    }

    @Nested
    class Tools {

        @Test
        void schemasKeepTheirOrderInCompactForm() {
            InferenceRequest request = with("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
                    + "\"description\":\"d\",\"strict\":true,\"parameters\":{ \"type\" : \"object\", \"a\": 1.5 }}},"
                    + TOOL_B + "]");
            assertEquals(
                    List.of(
                            new ToolDefinition("f", "d", "{\"type\":\"object\",\"a\":1.5}", true),
                            new ToolDefinition("b", "", "{}", null)),
                    request.tools());
            assertEquals(ToolChoice.AUTO, request.toolChoice());
            assertTrue(request.parallelToolCalls());
        }

        @Test
        void everyChoiceIsRead() {
            assertEquals(ToolChoice.Mode.NONE, choice("\"none\"").mode());
            assertEquals(ToolChoice.Mode.REQUIRED, choice("\"required\"").mode());
            assertEquals(ToolChoice.AUTO, choice("\"auto\""));
            assertEquals(ToolChoice.AUTO, choice("null"));
            assertEquals(
                    new ToolChoice(ToolChoice.Mode.NAMED, "b"),
                    choice("{\"type\":\"function\",\"function\":{\"name\":\"b\"}}"));
        }

        @Test
        void allowedToolsLeaveOutTheOthers() {
            InferenceRequest one = with(tools() + ",\"tool_choice\":" + allowed("auto", TOOL_B));
            assertEquals(
                    List.of("b"), one.tools().stream().map(ToolDefinition::name).toList());
            assertEquals(ToolChoice.AUTO, one.toolChoice());
            InferenceRequest all = with(tools() + ",\"tool_choice\":" + allowed("required", TOOL_B + "," + TOOL_A));
            assertEquals(2, all.tools().size());
            assertEquals(ToolChoice.Mode.REQUIRED, all.toolChoice().mode());
            InferenceRequest named = with(tools() + ",\"tool_choice\":" + allowed("required", TOOL_A));
            assertEquals(new ToolChoice(ToolChoice.Mode.NAMED, "a"), named.toolChoice());
            assertEquals(2, named.tools().size());
        }

        @Test
        void toolsThatTakeTextAreFunctionsOfOneString() {
            String patch = "{\"type\":\"custom\",\"custom\":{\"name\":\"patch\"}}";
            ChatRequest request = chat("\"tools\":[" + TOOL_A + ",{\"type\":\"custom\",\"custom\":{\"name\":\"patch\","
                    + "\"description\":\"d\",\"format\":{\"type\":\"grammar\",\"grammar\":{\"syntax\":\"lark\","
                    + "\"definition\":\"start: x\"}}}}],\"tool_choice\":" + patch);
            assertEquals(Set.of("patch"), request.freeForm());
            assertEquals(
                    new ToolDefinition(
                            "patch",
                            "d\nThe input must follow this lark grammar:\nstart: x",
                            "{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\"}},\"required\":[\"input\"]}",
                            null),
                    request.inference().tools().get(1));
            assertEquals(
                    new ToolChoice(ToolChoice.Mode.NAMED, "patch"),
                    request.inference().toolChoice());
            InferenceRequest allowed =
                    with("\"tools\":[" + TOOL_A + "," + patch + "],\"tool_choice\":" + allowed("auto", patch));
            assertEquals(
                    List.of("patch"),
                    allowed.tools().stream().map(ToolDefinition::name).toList());
        }

        private ToolChoice choice(String choice) {
            return with(tools() + ",\"tool_choice\":" + choice).toolChoice();
        }

        private String tools() {
            return "\"tools\":[" + TOOL_A + "," + TOOL_B + "]";
        }

        private String allowed(String mode, String tools) {
            return "{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"" + mode + "\",\"tools\":[" + tools
                    + "]}}";
        }
    }

    @Test
    void samplingIsReadAndTheNewerTokenLimitWins() {
        assertEquals(5, with("\"top_k\":5").sampling().topK());
        assertEquals(
                new Sampling(9, 3, 0.5, 1.0, null, -7L, -2.0, 2.0, List.of("x", "y"), null, null, Sampling.UNBIASED),
                with("\"max_tokens\":5,\"max_completion_tokens\":9,\"min_tokens\":3,\"temperature\":0.5,\"top_p\":1,"
                                + "\"seed\":-7,\"presence_penalty\":-2,\"frequency_penalty\":2,\"stop\":[\"x\",\"y\"]")
                        .sampling());
        assertEquals(5, with("\"max_tokens\":5").sampling().maxTokens());
        assertEquals(List.of("END"), with("\"stop\":\"END\"").sampling().stop());
        assertNull(with("\"temperature\":null").sampling().temperature());
    }

    @Test
    void logProbabilitiesAndBiasesAreRead() {
        assertEquals(0, with("\"logprobs\":true").sampling().topLogprobs());
        assertEquals(7, with("\"logprobs\":true,\"top_logprobs\":7").sampling().topLogprobs());
        assertNull(with("\"logprobs\":false,\"top_logprobs\":0").sampling().topLogprobs());
        assertEquals(
                Map.of(5, -100.0, 50256, 0.5),
                with("\"logit_bias\":{\"50256\":0.5,\"5\":-100}").sampling().logitBias());
    }

    @Test
    void eachOfSeveralAnswersIsATurnWithASeedOfItsOwn() {
        ChatRequest request = chat("\"n\":3,\"seed\":7,\"temperature\":1");
        assertEquals(
                List.of(7L, 8L, 9L),
                request.turns().stream().map(turn -> turn.sampling().seed()).toList());
        assertEquals(request.inference().turn(), request.turns().get(0).turn());
        assertEquals(
                3,
                request.turns().stream().map(InferenceRequest::turn).distinct().count());
        assertTrue(request.turns().stream()
                .allMatch(turn -> turn.sampling()
                                .equals(request.inference()
                                        .sampling()
                                        .seeded(turn.sampling().seed()))
                        && turn.messages().equals(request.inference().messages())));
        assertNull(chat("\"n\":2").turns().get(1).sampling().seed());
    }

    @Test
    void noNextPromptIsGuessedFromOneOfSeveralAnswers() {
        String hint = "\"nvext\":{\"agent_hints\":{\"speculative_prefill\":true,\"priority\":3}}";
        assertTrue(chat(hint).turns().get(0).hints().speculativePrefill());
        for (InferenceRequest turn : chat(hint + ",\"n\":2").turns()) {
            assertFalse(turn.hints().speculativePrefill());
            assertEquals(3, turn.hints().priority());
        }
    }

    @Test
    void tooManyAnswersAreRefusedWithTheLimitAndItsKey() {
        assertEquals(4, chat("\"n\":4").turns().size());
        RefusedRequest refused = assertThrows(RefusedRequest.class, () -> chat("\"n\":5"));
        assertEquals("n", refused.failure().param());
        assertEquals(
                "'n' is 5, more than 4 (holdfast.frontend.max-choices)",
                refused.failure().message());
    }

    @Test
    void aFormatOfTheAnswerIsReadWithItsSchema() {
        assertNull(with("\"response_format\":{\"type\":\"text\"}").sampling().format());
        assertEquals(
                AnswerFormat.JSON_OBJECT,
                with("\"response_format\":{\"type\":\"json_object\"}")
                        .sampling()
                        .format());
        assertEquals(
                new AnswerFormat("n", "{\"type\":\"object\"}", true),
                with("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\","
                                + "\"schema\":{\"type\": \"object\"},\"strict\":true}}")
                        .sampling()
                        .format());
    }

    @Test
    void reasoningIsAsTheModelDoesItUnlessItIsSaid() {
        assertNull(with("\"n\":1").effort());
        assertTrue(with("\"n\":1").reasoning());
        for (ReasoningEffort effort : ReasoningEffort.values()) {
            assertEquals(
                    effort,
                    with("\"reasoning_effort\":\"" + effort.word() + "\"").effort());
        }
        assertFalse(with("\"reasoning_effort\":\"none\"").reasoning());
    }

    @Test
    void streamingAndItsUsageAreRead() {
        assertFalse(chat("\"stream\":null").stream());
        ChatRequest stream = chat("\"stream\":true,\"stream_options\":{\"include_usage\":true,\"x\":1}");
        assertTrue(stream.stream() && stream.includeUsage());
    }

    @Test
    void whatOnlyDescribesTheRequestIsIgnored() {
        with("\"store\":true,\"metadata\":{\"a\":\"b\"},\"user\":\"u\",\"service_tier\":\"auto\",\"verbosity\":\"low\","
                + "\"safety_identifier\":\"s\",\"prompt_cache_retention\":\"24h\",\"logprobs\":false,\"logit_bias\":{},"
                + "\"response_format\":{\"type\":\"text\"},\"modalities\":[\"text\"],\"unknown\":{\"deep\":[{}]}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "{}; model",
                "{\"model\":\"\"}; model",
                "{\"model\":7}; model",
                "{\"model\":\"m\"}; messages",
                "{\"model\":\"m\",\"messages\":[]}; messages",
                "{\"model\":\"m\",\"messages\":{}}; messages",
                "{\"model\":\"m\",\"messages\":[7]}; messages[0]",
                "{\"model\":\"m\",\"messages\":[{}]}; messages[0].role",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"function\"}]}; messages[0].role",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":7}]}; messages[0].content",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[7]}]}; messages[0].content[0]",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}]}; messages[0].content[0].type",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"refusal\"}]}]}; messages[0].content[0].type",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":\"u\"}]}]}; messages[0].content[0].image_url",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"name\":1}]}; messages[0].name",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}; messages[0].tool_call_id",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\"}]}]}; messages[0].tool_calls[0].function",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":{}}}]}]}; messages[0].tool_calls[0].function.arguments",
                "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"function_call\":{}}]}; messages[0].function_call",
            })
    void aWrongConversationIsRefusedByItsPath(String body, String param) {
        assertEquals(param, refusal(body).failure().param());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "\"stream\":1; stream",
                "\"stream_options\":[]; stream_options",
                "\"stream_options\":{\"include_usage\":\"yes\"}; stream_options.include_usage",
                "\"max_tokens\":0; max_tokens",
                "\"max_tokens\":1.0; max_tokens",
                "\"max_tokens\":1e9; max_tokens",
                "\"max_tokens\":\"5\"; max_tokens",
                "\"max_completion_tokens\":99999999999; max_completion_tokens",
                "\"max_tokens\":5,\"min_tokens\":6; min_tokens",
                "\"temperature\":2.1; temperature",
                "\"temperature\":\"1\"; temperature",
                "\"top_p\":-0.1; top_p",
                "\"seed\":9223372036854775808; seed",
                "\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\"]; stop",
                "\"stop\":[1]; stop[0]",
                "\"stop\":{}; stop",
                "\"n\":5; n",
                "\"n\":0; n",
                "\"logprobs\":1; logprobs",
                "\"top_logprobs\":3; top_logprobs",
                "\"logprobs\":true,\"top_logprobs\":21; top_logprobs",
                "\"logit_bias\":[]; logit_bias",
                "\"logit_bias\":{\"five\":1}; logit_bias",
                "\"logit_bias\":{\"5\":101}; logit_bias.5",
                "\"logit_bias\":{\"5\":null}; logit_bias.5",
                "\"response_format\":{\"type\":\"xml\"}; response_format.type",
                "\"modalities\":[\"text\",\"audio\"]; modalities[1]",
                "\"audio\":{\"voice\":\"x\"}; audio",
                "\"functions\":[]; functions",
                "\"web_search_options\":{}; web_search_options",
                "\"reasoning_effort\":\"huge\"; reasoning_effort",
                "\"parallel_tool_calls\":\"no\"; parallel_tool_calls",
                "\"user\":7; user",
                "\"tools\":{}; tools",
                "\"tools\":[{\"type\":\"web_search\"}]; tools[0].type",
                "\"tools\":[{\"type\":\"custom\"}]; tools[0].custom",
                "\"tools\":[{\"type\":\"custom\",\"custom\":{}}]; tools[0].custom.name",
                "\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"p\",\"format\":7}}]; tools[0].custom.format",
                "\"tools\":[{\"type\":\"function\"}]; tools[0].function",
                "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":[]}}]; tools[0].function.parameters",
                "\"tool_choice\":\"required\"; tool_choice",
                "\"tool_choice\":\"maybe\"; tool_choice",
                "\"tool_choice\":7; tool_choice",
                "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"x\"}}; tool_choice.function.name",
                "\"tool_choice\":{\"type\":\"web\"}; tool_choice.type",
                "\"nvext\":{\"agent_hints\":{\"priority\":\"x\"}}; nvext.agent_hints.priority",
            })
    void aWrongOrUnservedSettingIsRefusedByItsPath(String member, String param) {
        assertEquals(
                param,
                refusal("{\"model\":\"m\",\"messages\":[" + USER + "]," + member + "}")
                        .failure()
                        .param());
    }

    private static RefusedRequest refusal(String body) {
        return assertThrows(RefusedRequest.class, () -> decode(body), body);
    }

    private static InferenceRequest with(String member) {
        return chat(member).inference();
    }

    private static ChatRequest chat(String member) {
        return chatRequest("{\"model\":\"m\",\"messages\":[" + USER + "]," + member + "}");
    }

    private static InferenceRequest decode(String body) {
        return chatRequest(body).inference();
    }

    private static ChatRequest chatRequest(String body) {
        Caller caller = new Caller(TenantId.DEFAULT, "req_1", new TurnId("t"), null, SessionHeaders.NONE);
        return ChatCodec.decode(
                JsonBody.parse(body.getBytes(StandardCharsets.UTF_8)), caller, FrontendFixture.SETTINGS);
    }

    private static ContentBlock text(String text) {
        return new ContentBlock.Text(text);
    }

    private static ContentBlock result(String id, ContentBlock content) {
        return new ContentBlock.ToolResult(id, List.of(content), false);
    }
}
