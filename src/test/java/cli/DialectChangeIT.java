package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolUseBlock;
import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionAssistantMessageParam;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.CompletionUsage;
import com.openai.models.responses.EasyInputMessage;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseFunctionToolCall;
import com.openai.models.responses.ResponseInputItem;
import com.openai.models.responses.ResponseUsage;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;

/** One session through the official clients, each turn in another dialect. */
class DialectChangeIT {
    private static final String HEADER = "X-Holdfast-Session-ID";
    private static final String SESSION = "polyglot";
    private static final String SYSTEM = "You are a careful agent. ".repeat(40);
    private static final String ASKED =
            "[sim][{\"call\":\"ls\",\"args\":{\"path\":\"src\"}},{\"text\":\"It holds {{tool}}\"},{\"text\":\"Welcome\"}][/sim]";

    @TempDir
    Path dataDir;

    @Test
    void aSessionGoesOnInAnyDialectOnTheSameCache() throws Exception {
        try (NodeProcess node = NodeProcess.start(dataDir, NodeProcess.freePort(), "--workers", "2")) {
            AnthropicClient anthropic = AnthropicOkHttpClient.builder()
                    .baseUrl(node.baseUrl())
                    .apiKey("unused")
                    .putHeader(HEADER, SESSION)
                    .build();
            OpenAIClient openAi = OpenAIOkHttpClient.builder()
                    .baseUrl(node.baseUrl() + "/v1")
                    .apiKey("unused")
                    .putHeader(HEADER, SESSION)
                    .build();
            ToolUseBlock call = callInMessages(anthropic);

            ChatCompletion second = resultInChat(openAi, call);
            assertEquals(
                    "It holds main test",
                    second.choices().get(0).message().content().orElseThrow());
            CompletionUsage usage = second.usage().orElseThrow();
            assertMostlyCached(
                    usage.promptTokensDetails().orElseThrow().cachedTokens().orElseThrow(), usage.promptTokens());

            ResponseUsage last = thanksInResponses(openAi, call).usage().orElseThrow();
            assertMostlyCached(last.inputTokensDetails().cachedTokens(), last.inputTokens());

            JsonNode sessions = node.get("/v1/sessions").get("data");
            assertEquals(1, sessions.size(), sessions::toPrettyString);
            assertEquals(SESSION, sessions.at("/0/id").textValue());
            assertEquals(3, sessions.at("/0/turns").intValue());
            JsonNode session = node.get("/v1/sessions/" + SESSION);
            assertEquals(1, session.get("lineage").size(), session::toPrettyString);
            assertEquals(0, node.interrupt());
        }
    }

    private static ToolUseBlock callInMessages(AnthropicClient client) {
        return client.messages()
                .create(MessageCreateParams.builder()
                        .model("sim-echo")
                        .maxTokens(100)
                        .system(SYSTEM)
                        .addUserMessage(ASKED)
                        .addTool(Tool.builder()
                                .name("ls")
                                .inputSchema(Tool.InputSchema.builder().build())
                                .build())
                        .build())
                .content()
                .get(0)
                .asToolUse();
    }

    private static ChatCompletion resultInChat(OpenAIClient client, ToolUseBlock call) {
        return client.chat()
                .completions()
                .create(ChatCompletionCreateParams.builder()
                        .model("sim-echo")
                        .addSystemMessage(SYSTEM)
                        .addUserMessage(ASKED)
                        .addMessage(ChatCompletionAssistantMessageParam.builder()
                                .addToolCall(ChatCompletionMessageFunctionToolCall.builder()
                                        .id(call.id())
                                        .function(ChatCompletionMessageFunctionToolCall.Function.builder()
                                                .name(call.name())
                                                .arguments(arguments(call))
                                                .build())
                                        .build())
                                .build())
                        .addMessage(ChatCompletionToolMessageParam.builder()
                                .toolCallId(call.id())
                                .content("main test")
                                .build())
                        .addTool(ChatCompletionFunctionTool.builder()
                                .function(FunctionDefinition.builder()
                                        .name("ls")
                                        .parameters(FunctionParameters.builder()
                                                .putAdditionalProperty("type", JsonValue.from("object"))
                                                .build())
                                        .build())
                                .build())
                        .build());
    }

    private static Response thanksInResponses(OpenAIClient client, ToolUseBlock call) {
        return client.responses()
                .create(ResponseCreateParams.builder()
                        .model("sim-echo")
                        .instructions(SYSTEM)
                        .inputOfResponse(List.of(
                                message(EasyInputMessage.Role.USER, ASKED),
                                ResponseInputItem.ofFunctionCall(ResponseFunctionToolCall.builder()
                                        .callId(call.id())
                                        .name(call.name())
                                        .arguments(arguments(call))
                                        .build()),
                                ResponseInputItem.ofFunctionCallOutput(ResponseInputItem.FunctionCallOutput.builder()
                                        .callId(call.id())
                                        .output("main test")
                                        .build()),
                                message(EasyInputMessage.Role.ASSISTANT, "It holds main test"),
                                message(EasyInputMessage.Role.USER, "Thank you.")))
                        .addTool(FunctionTool.builder()
                                .name("ls")
                                .strict(false)
                                .parameters(FunctionTool.Parameters.builder()
                                        .putAdditionalProperty("type", JsonValue.from("object"))
                                        .build())
                                .build())
                        .build());
    }

    private static String arguments(ToolUseBlock call) {
        return call._input().convert(JsonNode.class).toString();
    }

    private static ResponseInputItem message(EasyInputMessage.Role role, String text) {
        return ResponseInputItem.ofEasyInputMessage(
                EasyInputMessage.builder().role(role).content(text).build());
    }

    private static void assertMostlyCached(long cached, long prompt) {
        assertTrue(cached > prompt * 9 / 10, cached + " of " + prompt + " tokens cached");
    }
}
