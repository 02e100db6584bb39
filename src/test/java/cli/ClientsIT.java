package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static testkit.NodeProcess.await;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.errors.AnthropicServiceException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.CacheControlEphemeral;
import com.anthropic.models.messages.ContentBlock;
import com.anthropic.models.messages.ContentBlockParam;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.TextBlockParam;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolResultBlockParam;
import com.anthropic.models.messages.Usage;
import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.OpenAIServiceException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.Reasoning;
import com.openai.models.ReasoningEffort;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionMessage;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseInputItem;
import com.openai.models.responses.ResponseOutputItem;
import com.openai.models.responses.inputtokens.InputTokenCountParams;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import testkit.NodeProcess;

/** The official clients against a real node: each dialect, streamed and not, with tools, reasoning, faults and departures. */
class ClientsIT {
    private static final String TOOL_LOOP =
            "[sim][[{\"think\":\"I should look\"},{\"call\":\"ls\",\"args\":{\"path\":\"src\"}},"
                    + "{\"call\":\"ls\",\"args\":{\"path\":\"doc\"}}],{\"text\":\"It holds {{tool}}\"}][/sim]";

    @TempDir
    static Path dataDir;

    private static NodeProcess node;
    private static OpenAIClient openAi;
    private static AnthropicClient anthropic;

    @BeforeAll
    static void start() throws Exception {
        node = NodeProcess.start(dataDir, NodeProcess.freePort(), "--workers", "2");
        openAi = OpenAIOkHttpClient.builder()
                .baseUrl(node.baseUrl() + "/v1")
                .apiKey("unused")
                .maxRetries(0)
                .build();
        anthropic = AnthropicOkHttpClient.builder()
                .baseUrl(node.baseUrl())
                .apiKey("unused")
                .maxRetries(0)
                .build();
    }

    @AfterAll
    static void stop() throws Exception {
        openAi.close();
        anthropic.close();
        assertEquals(0, node.interrupt());
        node.close();
    }

    static Stream<Dialect> dialects() {
        return Stream.of(new ChatClient(), new ResponsesClient(), new MessagesClient());
    }

    static Stream<Arguments> dialectsStreamedAndNot() {
        return dialects().flatMap(dialect -> Stream.of(Arguments.of(dialect, false), Arguments.of(dialect, true)));
    }

    @ParameterizedTest
    @MethodSource("dialectsStreamedAndNot")
    void aToolLoopEndsAndItsPromptsAreCountedAsItsAnswersCountThem(Dialect dialect, boolean stream) {
        assertEquals("It holds main test", dialect.toolLoop(stream, true));
        assertEquals("It holds main test", dialect.toolLoop(stream, false));
    }

    @ParameterizedTest
    @MethodSource("dialectsStreamedAndNot")
    void faultsHaveTheirStatus(Dialect dialect, boolean stream) {
        assertEquals(400, dialect.failure(stream, error("invalid")));
        assertEquals(429, dialect.failure(stream, error("rate_limit")));
        assertEquals(dialect instanceof MessagesClient ? 529 : 503, dialect.failure(stream, error("overloaded")));
        assertEquals(500, dialect.failure(stream, error("internal")));
    }

    /** Streamed only: these clients read a whole answer without a way to leave. Those of `examples/node-clients` have one. */
    @ParameterizedTest
    @MethodSource("dialects")
    void aClientThatLeavesFreesTheEngine(Dialect dialect) {
        dialect.leave("[sim][{\"text\":\"" + "slow ".repeat(400) + "\",\"pace_ms\":20}][/sim]");
        await("no request runs on any engine", Duration.ofSeconds(20), () -> {
            for (JsonNode worker : node.get("/v1/workers").get("data")) {
                JsonNode load = worker.get("load");
                if (load.get("runningRequests").asInt()
                                + load.get("admittedTurns").asInt()
                        > 0) {
                    return false;
                }
            }
            return true;
        });
    }

    @Test
    void logProbabilitiesComeFromTheEngineAndABiasThatNoEngineTakesIsRefused() {
        ChatCompletionCreateParams.Builder ask = ChatClient.ask("[sim][{\"text\":\"yes\"}][/sim]");
        ChatCompletionCreateParams params = ask.logprobs(true).topLogprobs(3).build();
        ChatCompletionAccumulator streamed = ChatCompletionAccumulator.create();
        try (var stream = openAi.chat().completions().createStreaming(params)) {
            stream.stream().forEach(streamed::accumulate);
        }
        ChatCompletion whole = openAi.chat().completions().create(params);
        var logprobs = whole.choices().get(0).logprobs().orElseThrow();
        var tokens = logprobs.content().orElseThrow();
        assertEquals(
                List.of("y", "e", "s"), tokens.stream().map(one -> one.token()).toList());
        assertEquals(3, tokens.get(0).topLogprobs().size());
        assertEquals(
                tokens,
                streamed.chatCompletion()
                        .choices()
                        .get(0)
                        .logprobs()
                        .orElseThrow()
                        .content()
                        .orElseThrow());
        OpenAIServiceException refused = assertThrows(OpenAIServiceException.class, () -> openAi.chat()
                .completions()
                .create(ChatClient.ask("hi")
                        .putAdditionalBodyProperty("logit_bias", JsonValue.from(Map.of("5", 1)))
                        .build()));
        assertEquals(400, refused.statusCode());
        assertEquals("logit_bias", refused.param().orElseThrow());
    }

    @Test
    void whatAHarnessWritesAnewForEachSessionCostsNoCache() {
        String instructions = "You are a careful agent. ".repeat(40);
        String noise = "x-anthropic-billing-header: cc_version=2.1; cch=%s;";
        assertEquals(0, cached(noise.formatted("a1b2"), instructions + "1"));
        long withNoise = cached(noise.formatted("c3d4"), instructions + "1");
        assertTrue(withNoise > instructions.length() - 64, "cached: " + withNoise);
        // What is no noise stands in the prompt and makes everything behind it new.
        assertTrue(cached("Session a1b2.", instructions + "2") < 64);
        long otherwise = cached("Session c3d4.", instructions + "2");
        assertTrue(otherwise < 64, "cached: " + otherwise);
    }

    private static long cached(String firstLine, String instructions) {
        return anthropic
                .messages()
                .create(MessageCreateParams.builder()
                        .model("sim-echo")
                        .maxTokens(100)
                        .systemOfTextBlockParams(List.of(block(firstLine), block(instructions)))
                        .addUserMessage("hi")
                        .build())
                .usage()
                .cacheReadInputTokens()
                .orElseThrow();
    }

    private static TextBlockParam block(String text) {
        return TextBlockParam.builder().text(text).build();
    }

    private static String error(String kind) {
        return "[sim][{\"error\":{\"kind\":\"" + kind + "\",\"message\":\"scripted\"}}][/sim]";
    }

    /** One official client in one dialect. */
    private interface Dialect {
        /** Runs a tool loop and tells its last text. */
        String toolLoop(boolean stream, boolean reasoning);

        /** Status of the error that a prompt ends in. */
        int failure(boolean stream, String prompt);

        /** Leaves after the first event. */
        void leave(String prompt);
    }

    private static final class ChatClient implements Dialect {
        @Override
        public String toolLoop(boolean stream, boolean reasoning) {
            ChatCompletionCreateParams.Builder conversation = ask(TOOL_LOOP)
                    .reasoningEffort(reasoning ? ReasoningEffort.LOW : ReasoningEffort.NONE)
                    .addTool(ChatCompletionFunctionTool.builder()
                            .function(FunctionDefinition.builder()
                                    .name("ls")
                                    .parameters(FunctionParameters.builder()
                                            .putAdditionalProperty("type", JsonValue.from("object"))
                                            .build())
                                    .build())
                            .build());
            Answer answer = complete(stream, conversation);
            ChatCompletionMessage called = answer.message();
            assertEquals(reasoning, !answer.reasoning().isEmpty(), answer::toString);
            conversation.addMessage(called);
            var calls = called.toolCalls().orElseThrow();
            assertEquals(2, calls.size());
            for (var call : calls) {
                conversation.addMessage(ChatCompletionToolMessageParam.builder()
                        .toolCallId(call.asFunction().id())
                        .content("main test")
                        .build());
            }
            return complete(stream, conversation).message().content().orElseThrow();
        }

        /** @param reasoning what the client has no field for, and its accumulator drops */
        private record Answer(ChatCompletionMessage message, String reasoning) {}

        private static Answer complete(boolean stream, ChatCompletionCreateParams.Builder params) {
            if (!stream) {
                ChatCompletionMessage message = openAi.chat()
                        .completions()
                        .create(params.build())
                        .choices()
                        .get(0)
                        .message();
                return new Answer(message, reasoning(message._additionalProperties()));
            }
            ChatCompletionAccumulator whole = ChatCompletionAccumulator.create();
            StringBuilder reasoning = new StringBuilder();
            try (var chunks = openAi.chat().completions().createStreaming(params.build())) {
                chunks.stream().peek(whole::accumulate).forEach(chunk -> chunk.choices()
                        .forEach(choice ->
                                reasoning.append(reasoning(choice.delta()._additionalProperties()))));
            }
            return new Answer(whole.chatCompletion().choices().get(0).message(), reasoning.toString());
        }

        private static String reasoning(Map<String, JsonValue> additional) {
            return additional.containsKey("reasoning_content")
                    ? String.valueOf(additional.get("reasoning_content"))
                    : "";
        }

        @Override
        public int failure(boolean stream, String prompt) {
            return assertThrows(OpenAIServiceException.class, () -> complete(stream, ask(prompt)))
                    .statusCode();
        }

        @Override
        public void leave(String prompt) {
            try (var chunks =
                    openAi.chat().completions().createStreaming(ask(prompt).build())) {
                assertTrue(chunks.stream().findFirst().isPresent());
            }
        }

        private static ChatCompletionCreateParams.Builder ask(String text) {
            return ChatCompletionCreateParams.builder().model("sim-echo").addUserMessage(text);
        }
    }

    private static final class ResponsesClient implements Dialect {
        @Override
        public String toolLoop(boolean stream, boolean reasoning) {
            Response called = complete(
                    stream,
                    ask(TOOL_LOOP)
                            .instructions("Look before you answer.")
                            .reasoning(Reasoning.builder()
                                    .effort(reasoning ? ReasoningEffort.LOW : ReasoningEffort.NONE)
                                    .build())
                            .addTool(tool()));
            called.validate();
            assertEquals(reasoning, called.output().get(0).isReasoning());
            List<ResponseInputItem> results = called.output().stream()
                    .filter(ResponseOutputItem::isFunctionCall)
                    .map(item -> ResponseInputItem.ofFunctionCallOutput(ResponseInputItem.FunctionCallOutput.builder()
                            .callId(item.asFunctionCall().callId())
                            .output("main test")
                            .build()))
                    .toList();
            assertEquals(2, results.size());
            Response last = complete(
                    stream,
                    ResponseCreateParams.builder()
                            .model("sim-echo")
                            .previousResponseId(called.id())
                            .addTool(tool())
                            .inputOfResponse(results));
            assertTrue(last.usage().orElseThrow().inputTokensDetails().cachedTokens() > 0);
            assertEquals(last.id(), openAi.responses().retrieve(last.id()).id());
            return last.output()
                    .get(0)
                    .asMessage()
                    .content()
                    .get(0)
                    .asOutputText()
                    .text();
        }

        private static FunctionTool tool() {
            return FunctionTool.builder()
                    .name("ls")
                    .strict(false)
                    .parameters(FunctionTool.Parameters.builder()
                            .putAdditionalProperty("type", JsonValue.from("object"))
                            .build())
                    .build();
        }

        private static Response complete(boolean stream, ResponseCreateParams.Builder params) {
            Response answer = answer(stream, params.build());
            assertEquals(counted(params.build()), answer.usage().orElseThrow().inputTokens());
            return answer;
        }

        private static Response answer(boolean stream, ResponseCreateParams params) {
            if (!stream) {
                return openAi.responses().create(params);
            }
            ResponseAccumulator whole = ResponseAccumulator.create();
            try (var events = openAi.responses().createStreaming(params)) {
                events.stream().forEach(whole::accumulate);
            }
            return whole.response();
        }

        private static long counted(ResponseCreateParams params) {
            InputTokenCountParams.Builder count = InputTokenCountParams.builder()
                    .model("sim-echo")
                    .instructions(params.instructions())
                    .tools(params.tools())
                    .previousResponseId(params.previousResponseId());
            ResponseCreateParams.Input input = params.input().orElseThrow();
            if (input.isText()) {
                count.input(input.asText());
            } else {
                count.inputOfResponseInputItems(input.asResponse());
            }
            return openAi.responses().inputTokens().count(count.build()).inputTokens();
        }

        @Override
        public int failure(boolean stream, String prompt) {
            return assertThrows(OpenAIServiceException.class, () -> complete(stream, ask(prompt)))
                    .statusCode();
        }

        @Override
        public void leave(String prompt) {
            try (var events = openAi.responses().createStreaming(ask(prompt).build())) {
                assertTrue(events.stream().findFirst().isPresent());
            }
        }

        private static ResponseCreateParams.Builder ask(String text) {
            return ResponseCreateParams.builder().model("sim-echo").input(text);
        }
    }

    private static final class MessagesClient implements Dialect {
        @Override
        public String toolLoop(boolean stream, boolean reasoning) {
            TextBlockParam system = block("Look before you answer.").toBuilder()
                    .cacheControl(CacheControlEphemeral.builder().build())
                    .build();
            MessageCreateParams.Builder conversation = ask(TOOL_LOOP)
                    .systemOfTextBlockParams(List.of(system))
                    .addTool(Tool.builder()
                            .name("ls")
                            .inputSchema(Tool.InputSchema.builder().build())
                            .build());
            if (reasoning) {
                conversation.enabledThinking(1024);
            }
            Message called = complete(stream, conversation);
            assertEquals(reasoning, called.content().get(0).isThinking());
            List<ContentBlockParam> results = called.content().stream()
                    .filter(ContentBlock::isToolUse)
                    .map(block -> ContentBlockParam.ofToolResult(ToolResultBlockParam.builder()
                            .toolUseId(block.asToolUse().id())
                            .content("main test")
                            .build()))
                    .toList();
            assertEquals(2, results.size());
            Message last =
                    complete(stream, conversation.addMessage(called).addUserMessageOfContentBlockParams(results));
            assertTrue(last.usage().cacheReadInputTokens().orElseThrow() > 0);
            return last.content().get(0).asText().text();
        }

        private static Message complete(boolean stream, MessageCreateParams.Builder params) {
            Message answer = answer(stream, params.build());
            Usage usage = answer.usage();
            assertEquals(
                    counted(params.build()),
                    usage.inputTokens()
                            + usage.cacheReadInputTokens().orElseThrow()
                            + usage.cacheCreationInputTokens().orElseThrow());
            return answer;
        }

        private static Message answer(boolean stream, MessageCreateParams params) {
            if (!stream) {
                return anthropic.messages().create(params);
            }
            MessageAccumulator whole = MessageAccumulator.create();
            try (var events = anthropic.messages().createStreaming(params)) {
                events.stream().forEach(whole::accumulate);
            }
            return whole.message();
        }

        private static long counted(MessageCreateParams params) {
            MessageCountTokensParams.Builder count =
                    MessageCountTokensParams.builder().model(params.model()).messages(params.messages());
            params.system().ifPresent(system -> count.systemOfTextBlockParams(system.asTextBlockParams()));
            params.tools().ifPresent(tools -> tools.forEach(tool -> count.addTool(tool.asTool())));
            params.thinking().ifPresent(count::thinking);
            return anthropic.messages().countTokens(count.build()).inputTokens();
        }

        @Override
        public int failure(boolean stream, String prompt) {
            return assertThrows(AnthropicServiceException.class, () -> complete(stream, ask(prompt)))
                    .statusCode();
        }

        @Override
        public void leave(String prompt) {
            try (var events = anthropic.messages().createStreaming(ask(prompt).build())) {
                assertTrue(events.stream().findFirst().isPresent());
            }
        }

        private static MessageCreateParams.Builder ask(String text) {
            return MessageCreateParams.builder()
                    .model("sim-echo")
                    .maxTokens(4000)
                    .addUserMessage(text);
        }
    }
}
