package frontend.messages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.AnthropicException;
import com.anthropic.errors.BadRequestException;
import com.anthropic.errors.NotFoundException;
import com.anthropic.errors.RateLimitException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.ContentBlockParam;
import com.anthropic.models.messages.DocumentBlockParam;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.StopReason;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolResultBlockParam;
import frontend.FrontendFixture;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.Role;
import inference.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The official client, as a user would use it. */
class AnthropicClientTest {
    private static final Usage USAGE = new Usage(120, 96, 9, 2);
    private static FrontendFixture frontend;
    private static AnthropicClient client;

    @BeforeAll
    static void start() {
        frontend = FrontendFixture.start();
        client = AnthropicOkHttpClient.builder()
                .baseUrl(frontend.uri("").toString())
                .apiKey("any")
                .maxRetries(0)
                .build();
    }

    @AfterAll
    static void stop() {
        client.close();
        frontend.close();
    }

    @Test
    void aToolLoopWithReasoningKeepsEveryBlockStreamedOrNot() throws InterruptedException {
        MessageCreateParams.Builder conversation =
                ask("read a.txt").enabledThinking(1024).addTool(readFile());
        frontend.script = request -> Source.from(List.of(
                new InferenceEvent.ThinkingDelta("I should "),
                new InferenceEvent.ThinkingDelta("read"),
                new InferenceEvent.TextDelta("ok"),
                new InferenceEvent.ToolCallStarted(0, "call_a", "read_file"),
                new InferenceEvent.ToolCallDelta(0, "{\"path\":"),
                new InferenceEvent.ToolCallDelta(0, "\"a.txt\"}"),
                new InferenceEvent.ToolCallStarted(1, "call_b", "read_file"),
                new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, USAGE)));
        Message whole = client.messages().create(conversation.build());
        for (Message answer : List.of(whole, streamed(conversation))) {
            answer.validate();
            assertEquals("I should read", answer.content().get(0).asThinking().thinking());
            assertEquals("ok", answer.content().get(1).asText().text());
            assertEquals("call_a", answer.content().get(2).asToolUse().id());
            assertEquals(
                    JsonValue.from(Map.of("path", "a.txt")),
                    answer.content().get(2).asToolUse()._input());
            assertEquals(
                    JsonValue.from(Map.of()),
                    answer.content().get(3).asToolUse()._input());
            assertEquals(StopReason.TOOL_USE, answer.stopReason().orElseThrow());
            assertEquals(9, answer.usage().outputTokens());
            assertEquals(96, answer.usage().cacheReadInputTokens().orElseThrow());
        }
        frontend.seen.clear();

        frontend.script = request -> FrontendFixture.answer("done");
        client.messages()
                .create(conversation
                        .addMessage(whole)
                        .addUserMessageOfContentBlockParams(
                                List.of(result("call_a", "text of a"), result("call_b", "b")))
                        .build());
        assertEquals(
                List.of(
                        inference.Message.text(Role.USER, "read a.txt"),
                        new inference.Message(
                                Role.ASSISTANT,
                                List.of(
                                        new ContentBlock.Thinking("I should read", null),
                                        new ContentBlock.Text("ok"),
                                        new ContentBlock.ToolUse("call_a", "read_file", "{\"path\":\"a.txt\"}"),
                                        new ContentBlock.ToolUse("call_b", "read_file", "{}"))),
                        new inference.Message(
                                Role.TOOL,
                                List.of(
                                        new ContentBlock.ToolResult(
                                                "call_a", List.of(new ContentBlock.Text("text of a")), false),
                                        new ContentBlock.ToolResult(
                                                "call_b", List.of(new ContentBlock.Text("b")), false)))),
                frontend.nextSeen().messages());
    }

    @Test
    void whatIsKeptOfTheSessionComesBesideTheAnswerWhenAskedFor() {
        frontend.script = request -> FrontendFixture.answer("hello");
        MessageCreateParams asking = ask("hi")
                .putAdditionalHeader("x-holdfast-session-id", "s1")
                .putAdditionalBodyProperty("nvext", JsonValue.from(Map.of("extra_fields", List.of("retention"))))
                .build();
        JsonValue kept = JsonValue.from(Map.of("retention", Map.of("of", "s1")));

        Message whole = client.messages().create(asking);
        whole.validate();
        assertEquals(kept, whole._additionalProperties().get("nvext"));
        assertEquals("hello", whole.content().get(0).asText().text());

        MessageAccumulator streamed = MessageAccumulator.create();
        List<JsonValue> told = new ArrayList<>();
        try (StreamResponse<RawMessageStreamEvent> stream = client.messages().createStreaming(asking)) {
            stream.stream().map(streamed::accumulate).forEach(event -> {
                event.validate();
                event.messageDelta()
                        .ifPresent(
                                delta -> told.add(delta._additionalProperties().get("nvext")));
            });
        }
        assertEquals(List.of(kept), told);
        assertEquals("hello", streamed.message().content().get(0).asText().text());
        assertFalse(client.messages()
                .create(ask("hi").build())
                ._additionalProperties()
                .containsKey("nvext"));
    }

    @Test
    void failuresBeforeTheFirstTokenAreTypedErrors() {
        frontend.script = request -> failing(InferenceFailure.Kind.UNKNOWN_MODEL);
        assertThrows(NotFoundException.class, () -> client.messages()
                .create(ask("hi").build()));
        frontend.script = request -> failing(InferenceFailure.Kind.RATE_LIMITED);
        assertThrows(RateLimitException.class, () -> client.messages()
                .createStreaming(ask("hi").build()));
        BadRequestException bad = assertThrows(BadRequestException.class, () -> client.messages()
                .create(ask("hi")
                        .putAdditionalBodyProperty("temperature", JsonValue.from(7))
                        .build()));
        assertTrue(String.valueOf(bad.getMessage()).contains("temperature"), bad::getMessage);
    }

    @Test
    void aFailureInsideAStreamIsThrownByTheClient() {
        frontend.script = request -> Source.<InferenceEvent>single(new InferenceEvent.TextDelta("so far"))
                .concat(failing(InferenceFailure.Kind.ENGINE_FAILED));
        assertThrows(AnthropicException.class, () -> streamed(ask("hi")));
    }

    @Test
    void promptsAreCountedAndModelsListed() {
        assertEquals(
                11,
                client.messages()
                        .countTokens(MessageCountTokensParams.builder()
                                .model("sim-echo")
                                .addUserMessage("hi")
                                .build())
                        .inputTokens());
        assertEquals(
                List.of("sim-echo", "org/model-7b"),
                client.models().list().data().stream().map(model -> model.id()).toList());
        assertThrows(NotFoundException.class, () -> client.models().retrieve("none"));
    }

    private static Message streamed(MessageCreateParams.Builder conversation) {
        MessageAccumulator whole = MessageAccumulator.create();
        try (StreamResponse<RawMessageStreamEvent> stream = client.messages().createStreaming(conversation.build())) {
            stream.stream().forEach(whole::accumulate);
        }
        return whole.message();
    }

    @Test
    void aTextDocumentIsPartOfThePromptAndAPdfIsRefused() throws InterruptedException {
        frontend.seen.clear();
        frontend.script = request -> FrontendFixture.answer("ok");
        client.messages()
                .create(documents(DocumentBlockParam.builder()
                        .textSource("the text")
                        .title("a.txt")
                        .build()));
        assertEquals(
                List.of(new ContentBlock.Text("<document>\n<title>a.txt</title>\nthe text\n</document>\n")),
                frontend.nextSeen().messages().get(0).content());
        BadRequestException refused = assertThrows(BadRequestException.class, () -> client.messages()
                .create(documents(
                        DocumentBlockParam.builder().base64Source("JVBE").build())));
        assertTrue(
                refused.body().toString().contains("PDFs and files are not"),
                refused.body().toString());
    }

    private static MessageCreateParams documents(DocumentBlockParam document) {
        return MessageCreateParams.builder()
                .model("sim-echo")
                .maxTokens(9)
                .addUserMessageOfContentBlockParams(List.of(ContentBlockParam.ofDocument(document)))
                .build();
    }

    private static MessageCreateParams.Builder ask(String text) {
        return MessageCreateParams.builder().model("sim-echo").maxTokens(2000).addUserMessage(text);
    }

    private static Tool readFile() {
        return Tool.builder()
                .name("read_file")
                .description("Reads a file")
                .inputSchema(Tool.InputSchema.builder()
                        .properties(Tool.InputSchema.Properties.builder()
                                .putAdditionalProperty("path", JsonValue.from(Map.of("type", "string")))
                                .build())
                        .build())
                .build();
    }

    private static ContentBlockParam result(String id, String text) {
        return ContentBlockParam.ofToolResult(
                ToolResultBlockParam.builder().toolUseId(id).content(text).build());
    }

    private static Source<InferenceEvent, NotUsed> failing(InferenceFailure.Kind kind) {
        return Source.single(
                new InferenceEvent.Failed(new InferenceFailure(kind, "scripted", null, Duration.ofMillis(1500))));
    }
}
