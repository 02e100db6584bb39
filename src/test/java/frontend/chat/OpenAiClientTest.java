package frontend.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.javadsl.Source;
import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIException;
import com.openai.errors.RateLimitException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import frontend.FrontendFixture;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.Message;
import inference.Role;
import inference.Usage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The official client, as a user would use it. */
class OpenAiClientTest {
    private static final Usage USAGE = new Usage(120, 96, 9, 2);
    private static FrontendFixture frontend;
    private static OpenAIClient client;

    @BeforeAll
    static void start() {
        frontend = FrontendFixture.start();
        client = frontend.openAi();
    }

    @AfterAll
    static void stop() {
        client.close();
        frontend.close();
    }

    @Test
    void aWholeAnswerHasItsTextItsEndAndItsUsage() {
        frontend.script = request -> Source.from(List.of(
                new InferenceEvent.TextDelta("Hel"),
                new InferenceEvent.TextDelta("lo"),
                new InferenceEvent.Finished(FinishReason.STOP, null, USAGE)));
        ChatCompletion answer = client.chat().completions().create(ask("hi").build());
        ChatCompletion.Choice choice = answer.choices().get(0);
        assertEquals("Hello", choice.message().content().orElseThrow());
        assertEquals(ChatCompletion.Choice.FinishReason.STOP, choice.finishReason());
        assertEquals(129, answer.usage().orElseThrow().totalTokens());
        assertEquals(
                96,
                answer.usage()
                        .orElseThrow()
                        .promptTokensDetails()
                        .orElseThrow()
                        .cachedTokens()
                        .orElseThrow());
        assertTrue(answer.id().startsWith("chatcmpl-"));
        assertEquals(FrontendFixture.NOW.getEpochSecond(), answer.created());
        answer.validate();
    }

    @Test
    void aStreamAddsUpToTheWholeAnswerWithUsageInItsLastChunk() {
        frontend.script = request -> Source.from(List.of(
                new InferenceEvent.ThinkingDelta("hm"),
                new InferenceEvent.TextDelta("Hel"),
                new InferenceEvent.TextDelta("lo"),
                new InferenceEvent.Finished(FinishReason.LENGTH, null, USAGE)));
        ChatCompletionAccumulator whole = ChatCompletionAccumulator.create();
        ChatCompletionCreateParams params = ask("hi")
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(params)) {
            stream.stream().forEach(chunk -> {
                chunk.validate();
                whole.accumulate(chunk);
            });
        }
        ChatCompletion answer = whole.chatCompletion();
        assertEquals("Hello", answer.choices().get(0).message().content().orElseThrow());
        assertEquals(
                ChatCompletion.Choice.FinishReason.LENGTH,
                answer.choices().get(0).finishReason());
        assertEquals(9, answer.usage().orElseThrow().completionTokens());
    }

    @Test
    void toolCallsComeBackTypedStreamedOrNotAndTheirResultsGoIn() throws InterruptedException {
        frontend.script = request -> Source.from(List.of(
                new InferenceEvent.ToolCallStarted(0, "call_a", "read_file"),
                new InferenceEvent.ToolCallDelta(0, "{\"path\":"),
                new InferenceEvent.ToolCallDelta(0, "\"a.txt\"}"),
                new InferenceEvent.ToolCallStarted(1, "call_b", "list"),
                new InferenceEvent.Finished(FinishReason.STOP, null, USAGE)));
        ChatCompletionCreateParams.Builder conversation = ask("read a.txt").addTool(readFile());
        ChatCompletion whole = client.chat().completions().create(conversation.build());
        ChatCompletionAccumulator streamed = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(conversation.build())) {
            stream.stream().forEach(streamed::accumulate);
        }
        for (ChatCompletion answer : List.of(whole, streamed.chatCompletion())) {
            var calls = answer.choices().get(0).message().toolCalls().orElseThrow();
            assertEquals("call_a", calls.get(0).asFunction().id());
            assertEquals("read_file", calls.get(0).asFunction().function().name());
            assertEquals(
                    "{\"path\":\"a.txt\"}", calls.get(0).asFunction().function().arguments());
            assertEquals("{}", calls.get(1).asFunction().function().arguments());
            assertEquals(
                    ChatCompletion.Choice.FinishReason.TOOL_CALLS,
                    answer.choices().get(0).finishReason());
        }
        frontend.seen.clear();

        frontend.script = request -> FrontendFixture.answer("done");
        client.chat()
                .completions()
                .create(conversation
                        .addMessage(whole.choices().get(0).message())
                        .addMessage(ChatCompletionToolMessageParam.builder()
                                .toolCallId("call_a")
                                .content("text of a")
                                .build())
                        .addMessage(ChatCompletionToolMessageParam.builder()
                                .toolCallId("call_b")
                                .content("a.txt")
                                .build())
                        .build());
        InferenceRequest next = frontend.nextSeen();
        assertEquals(
                List.of(
                        Message.text(Role.USER, "read a.txt"),
                        new Message(
                                Role.ASSISTANT,
                                List.of(
                                        new ContentBlock.ToolUse("call_a", "read_file", "{\"path\":\"a.txt\"}"),
                                        new ContentBlock.ToolUse("call_b", "list", "{}"))),
                        new Message(Role.TOOL, List.of(result("call_a", "text of a"), result("call_b", "a.txt")))),
                next.messages());
        assertEquals("read_file", next.tools().get(0).name());
    }

    @Test
    void failuresBeforeTheFirstTokenAreTypedErrors() {
        frontend.script = request -> failing(InferenceFailure.Kind.UNKNOWN_MODEL);
        assertThrows(
                NotFoundException.class,
                () -> client.chat().completions().create(ask("hi").build()));
        frontend.script = request -> failing(InferenceFailure.Kind.RATE_LIMITED);
        RateLimitException limited = assertThrows(
                RateLimitException.class,
                () -> client.chat().completions().createStreaming(ask("hi").build()));
        assertEquals("rate_limit_exceeded", limited.code().orElseThrow());
        BadRequestException bad = assertThrows(BadRequestException.class, () -> client.chat()
                .completions()
                .create(ask("hi").temperature(7).build()));
        assertEquals("temperature", bad.param().orElseThrow());
    }

    @Test
    void aFailureInsideAStreamIsThrownByTheClient() {
        frontend.script = request -> Source.<InferenceEvent>single(new InferenceEvent.TextDelta("so far"))
                .concat(failing(InferenceFailure.Kind.ENGINE_FAILED));
        assertThrows(OpenAIException.class, () -> {
            try (StreamResponse<ChatCompletionChunk> stream =
                    client.chat().completions().createStreaming(ask("hi").build())) {
                stream.stream().forEach(chunk -> {});
            }
        });
    }

    @Test
    void modelsAreListedAndFound() {
        assertEquals(
                List.of("sim-echo", "org/model-7b"),
                client.models().list().data().stream().map(model -> model.id()).toList());
        assertEquals("sim-echo", client.models().retrieve("sim-echo").id());
        assertThrows(NotFoundException.class, () -> client.models().retrieve("gpt-none"));
    }

    private static ChatCompletionCreateParams.Builder ask(String text) {
        return ChatCompletionCreateParams.builder().model("sim-echo").addUserMessage(text);
    }

    private static ChatCompletionFunctionTool readFile() {
        return ChatCompletionFunctionTool.builder()
                .function(FunctionDefinition.builder()
                        .name("read_file")
                        .description("Reads a file")
                        .parameters(FunctionParameters.builder()
                                .putAdditionalProperty("type", JsonValue.from("object"))
                                .putAdditionalProperty(
                                        "properties", JsonValue.from(Map.of("path", Map.of("type", "string"))))
                                .build())
                        .build())
                .build();
    }

    private static ContentBlock result(String id, String text) {
        return new ContentBlock.ToolResult(id, List.of(new ContentBlock.Text(text)), false);
    }

    private static Source<InferenceEvent, akka.NotUsed> failing(InferenceFailure.Kind kind) {
        return Source.single(
                new InferenceEvent.Failed(new InferenceFailure(kind, "scripted", null, Duration.ofMillis(1500))));
    }
}
