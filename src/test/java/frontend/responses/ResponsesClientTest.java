package frontend.responses;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseInputItem;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import frontend.FrontendFixture;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
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
class ResponsesClientTest {
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
    void aToolLoopGoesOnByIdStreamedOrNot() throws InterruptedException {
        for (boolean stream : List.of(false, true)) {
            frontend.script = request -> Source.from(List.of(
                    new InferenceEvent.ThinkingDelta("hm"),
                    new InferenceEvent.TextDelta("ok"),
                    new InferenceEvent.ToolCallStarted(0, "call_a", "read_file"),
                    new InferenceEvent.ToolCallDelta(0, "{\"path\":\"a.txt\"}"),
                    new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, USAGE)));
            Response answer = create(stream, ask("read a.txt").addTool(readFile()));
            answer.validate();
            assertEquals(
                    "hm", answer.output().get(0).asReasoning().summary().get(0).text());
            assertEquals(
                    "ok",
                    answer.output()
                            .get(1)
                            .asMessage()
                            .content()
                            .get(0)
                            .asOutputText()
                            .text());
            assertEquals(
                    "{\"path\":\"a.txt\"}",
                    answer.output().get(2).asFunctionCall().arguments());
            assertEquals(ResponseStatus.COMPLETED, answer.status().orElseThrow());
            assertEquals(96, answer.usage().orElseThrow().inputTokensDetails().cachedTokens());
            assertEquals(answer.id(), client.responses().retrieve(answer.id()).id());
            frontend.seen.clear();

            frontend.script = request -> FrontendFixture.answer("done");
            create(
                    stream,
                    ResponseCreateParams.builder()
                            .model("sim-echo")
                            .previousResponseId(answer.id())
                            .inputOfResponse(List.of(ResponseInputItem.ofFunctionCallOutput(
                                    ResponseInputItem.FunctionCallOutput.builder()
                                            .callId("call_a")
                                            .output("text of a")
                                            .build()))));
            assertEquals(
                    List.of(
                            Message.text(Role.USER, "read a.txt"),
                            new Message(
                                    Role.ASSISTANT,
                                    List.of(
                                            new ContentBlock.Thinking("hm", null),
                                            new ContentBlock.Text("ok"),
                                            new ContentBlock.ToolUse("call_a", "read_file", "{\"path\":\"a.txt\"}"))),
                            new Message(
                                    Role.TOOL,
                                    List.of(new ContentBlock.ToolResult(
                                            "call_a", List.of(new ContentBlock.Text("text of a")), false)))),
                    frontend.nextSeen().messages());
            client.responses().delete(answer.id());
            assertThrows(NotFoundException.class, () -> client.responses().retrieve(answer.id()));
        }
    }

    @Test
    void whatIsKeptOfTheSessionIsPartOfTheResponseWhenAskedForAndOfNoneThatIsReadLater() {
        frontend.script = request -> FrontendFixture.answer("hello");
        for (boolean stream : List.of(false, true)) {
            Response answer = create(
                    stream,
                    ask("hi")
                            .putAdditionalHeader("x-holdfast-session-id", "s1")
                            .putAdditionalBodyProperty(
                                    "nvext", JsonValue.from(Map.of("extra_fields", List.of("retention")))));
            answer.validate();
            JsonValue kept = JsonValue.from(Map.of("retention", Map.of("of", "s1")));
            assertEquals(kept, answer._additionalProperties().get("nvext"));
            Response later = client.responses().retrieve(answer.id());
            assertFalse(later._additionalProperties().containsKey("nvext"), "leases have changed since");
            assertEquals(answer.output(), later.output());
            assertFalse(create(stream, ask("hi"))._additionalProperties().containsKey("nvext"));
        }
    }

    @Test
    void failuresBeforeTheFirstTokenAreTypedErrors() {
        frontend.script = request -> failing(InferenceFailure.Kind.UNKNOWN_MODEL);
        assertThrows(NotFoundException.class, () -> client.responses()
                .create(ask("hi").build()));
        frontend.script = request -> failing(InferenceFailure.Kind.RATE_LIMITED);
        assertThrows(RateLimitException.class, () -> create(true, ask("hi")));
        BadRequestException bad = assertThrows(
                BadRequestException.class, () -> create(false, ask("hi").previousResponseId("resp_none")));
        assertEquals("previous_response_not_found", bad.code().orElseThrow());
    }

    @Test
    void aFailureInsideAStreamIsAFailedResponse() {
        frontend.script = request -> Source.<InferenceEvent>single(new InferenceEvent.TextDelta("so far"))
                .concat(failing(InferenceFailure.Kind.ENGINE_FAILED));
        assertEquals(ResponseStatus.FAILED, create(true, ask("hi")).status().orElseThrow());
    }

    private static Response create(boolean stream, ResponseCreateParams.Builder params) {
        if (!stream) {
            return client.responses().create(params.build());
        }
        ResponseAccumulator whole = ResponseAccumulator.create();
        try (StreamResponse<ResponseStreamEvent> events = client.responses().createStreaming(params.build())) {
            events.stream().forEach(event -> {
                event.validate();
                whole.accumulate(event);
            });
        }
        return whole.response();
    }

    private static ResponseCreateParams.Builder ask(String text) {
        return ResponseCreateParams.builder().model("sim-echo").input(text);
    }

    private static FunctionTool readFile() {
        return FunctionTool.builder()
                .name("read_file")
                .strict(false)
                .parameters(FunctionTool.Parameters.builder()
                        .putAdditionalProperty("type", JsonValue.from("object"))
                        .putAdditionalProperty("properties", JsonValue.from(Map.of("path", Map.of("type", "string"))))
                        .build())
                .build();
    }

    private static Source<InferenceEvent, NotUsed> failing(InferenceFailure.Kind kind) {
        return Source.single(
                new InferenceEvent.Failed(new InferenceFailure(kind, "scripted", null, Duration.ofMillis(1500))));
    }
}
