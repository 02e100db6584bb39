package frontend.messages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import frontend.FrontendFixture;
import frontend.ReasoningSeal;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.PromptLength;
import inference.Usage;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import router.placement.RouteOutcome;
import testkit.PromptTooLong;

/** The bytes that clients read. */
class MessagesStreamTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Usage USAGE = new Usage(120, 96, 9, 2);
    private static FrontendFixture frontend;

    @BeforeAll
    static void start() {
        frontend = FrontendFixture.start();
    }

    @AfterAll
    static void stop() {
        frontend.close();
    }

    @Test
    void blocksComeOneAtATimeInTheOrderOfTheAnswer() {
        answer(
                new InferenceEvent.ThinkingDelta("h"),
                new InferenceEvent.ThinkingDelta("m"),
                new InferenceEvent.TextDelta("see"),
                new InferenceEvent.ToolCallStarted(0, "call_a", "ls"),
                new InferenceEvent.ToolCallDelta(0, "{\"p\":"),
                new InferenceEvent.ToolCallDelta(0, "1}"),
                new InferenceEvent.ToolCallStarted(1, "call_b", "now"),
                new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, USAGE));
        List<String> events = stream(",\"thinking\":{\"type\":\"adaptive\"}");
        assertEquals(
                List.of(
                        "message_start",
                        "content_block_start 0 {\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
                        "content_block_delta 0 {\"type\":\"thinking_delta\",\"thinking\":\"h\"}",
                        "content_block_delta 0 {\"type\":\"thinking_delta\",\"thinking\":\"m\"}",
                        "content_block_delta 0 {\"type\":\"signature_delta\",\"signature\":\"" + ReasoningSeal.of("hm")
                                + "\"}",
                        "content_block_stop 0",
                        "content_block_start 1 {\"type\":\"text\",\"text\":\"\"}",
                        "content_block_delta 1 {\"type\":\"text_delta\",\"text\":\"see\"}",
                        "content_block_stop 1",
                        "content_block_start 2 {\"type\":\"tool_use\",\"id\":\"call_a\",\"name\":\"ls\",\"input\":{}}",
                        "content_block_delta 2 {\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"p\\\":\"}",
                        "content_block_delta 2 {\"type\":\"input_json_delta\",\"partial_json\":\"1}\"}",
                        "content_block_stop 2",
                        "content_block_start 3 {\"type\":\"tool_use\",\"id\":\"call_b\",\"name\":\"now\",\"input\":{}}",
                        "content_block_delta 3 {\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}",
                        "content_block_stop 3",
                        "message_delta {\"stop_reason\":\"tool_use\",\"stop_sequence\":null}",
                        "message_stop"),
                events);
    }

    @Test
    void aWholeAnswerHasItsBlocksInTheOrderOfTheAnswerToo() throws Exception {
        answer(
                new InferenceEvent.ThinkingDelta("h"),
                new InferenceEvent.ThinkingDelta("m"),
                new InferenceEvent.TextDelta("first"),
                new InferenceEvent.ThinkingDelta("so"),
                new InferenceEvent.ToolCallStarted(0, "call_a", "ls"),
                new InferenceEvent.ToolCallDelta(0, "{\"p\":"),
                new InferenceEvent.ToolCallStarted(1, "call_b", "now"),
                new InferenceEvent.ToolCallDelta(0, "1}"),
                new InferenceEvent.TextDelta("th"),
                new InferenceEvent.TextDelta("en"),
                new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, USAGE));
        assertEquals(
                "[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"" + ReasoningSeal.of("hm") + "\"},"
                        + "{\"type\":\"text\",\"text\":\"first\"},"
                        + "{\"type\":\"thinking\",\"thinking\":\"so\",\"signature\":\"" + ReasoningSeal.of("so")
                        + "\"},"
                        + "{\"type\":\"tool_use\",\"id\":\"call_a\",\"name\":\"ls\",\"input\":{\"p\":1}},"
                        + "{\"type\":\"tool_use\",\"id\":\"call_b\",\"name\":\"now\",\"input\":{}},"
                        + "{\"type\":\"text\",\"text\":\"then\"}]",
                MAPPER.readTree(post(",\"thinking\":{\"type\":\"adaptive\"}").body())
                        .get("content")
                        .toString());
    }

    @Test
    void aClientThatDidNotAskForReasoningGetsNone() {
        answer(
                new InferenceEvent.ThinkingDelta("hm"),
                new InferenceEvent.TextDelta("a"),
                new InferenceEvent.Finished(FinishReason.STOP, null, USAGE));
        assertFalse(stream("").toString().contains("thinking"));
    }

    @Test
    void omittedReasoningStillComesBackByItsSignature() {
        answer(new InferenceEvent.ThinkingDelta("hm"), new InferenceEvent.Finished(FinishReason.STOP, null, USAGE));
        String events = stream(",\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"}")
                .toString();
        assertFalse(events.contains("thinking_delta"), events);
        assertTrue(events.contains(ReasoningSeal.of("hm")), events);
    }

    @Test
    void usageTellsReadsFromWritesAndTheStopStringIsNamed() throws Exception {
        answer(
                new InferenceEvent.TextDelta("a"),
                new InferenceEvent.Finished(FinishReason.STOP_SEQUENCE, "END", USAGE));
        JsonNode plain = MAPPER.readTree(post(",\"stop_sequences\":[\"END\"]").body());
        assertEquals("stop_sequence", plain.get("stop_reason").textValue());
        assertEquals("END", plain.get("stop_sequence").textValue());
        assertEquals(24, plain.at("/usage/input_tokens").intValue());
        assertEquals(96, plain.at("/usage/cache_read_input_tokens").intValue());
        assertEquals(0, plain.at("/usage/cache_creation_input_tokens").intValue());
    }

    @Test
    void whatFollowsTheLastMarkIsPlainInput() throws Exception {
        answer(new InferenceEvent.TextDelta("a"), new InferenceEvent.Finished(FinishReason.STOP, null, USAGE));
        Duration hour = Duration.ofHours(1);
        Duration minutes = Duration.ofMinutes(5);
        assertUsage(96, 0, 0, 24); // too short to be cached
        assertUsage(96, 0, 0, 24, new PromptLength.Marked(64, hour)); // all of it was read
        assertUsage(96, 0, 16, 8, new PromptLength.Marked(112, hour));
        assertUsage(96, 16, 0, 8, new PromptLength.Marked(64, hour), new PromptLength.Marked(112, minutes));
        assertUsage(96, 8, 8, 8, new PromptLength.Marked(104, hour), new PromptLength.Marked(112, minutes));
        assertUsage(96, 0, 24, 0, new PromptLength.Marked(128, hour)); // counted otherwise than by the engine
    }

    /** Usage of a request with a mark, whole and streamed: tokens read, written for 5 minutes, written for an hour, and others. */
    private static void assertUsage(int read, int minutes, int hour, int plain, PromptLength.Marked... marked)
            throws Exception {
        frontend.length = new PromptLength(120, List.of(marked));
        String mark = ",\"cache_control\":{\"type\":\"ephemeral\"}";
        List<String> frames = frames(post(",\"stream\":true" + mark).body());
        String end = frames.get(frames.size() - 2);
        for (String body : List.of(post(mark).body(), end.substring(end.indexOf("data: ") + 6))) {
            JsonNode usage = MAPPER.readTree(body).get("usage");
            assertEquals(read, usage.get("cache_read_input_tokens").intValue(), body);
            assertEquals(
                    minutes,
                    usage.at("/cache_creation/ephemeral_5m_input_tokens").intValue(),
                    body);
            assertEquals(
                    hour, usage.at("/cache_creation/ephemeral_1h_input_tokens").intValue(), body);
            assertEquals(
                    minutes + hour, usage.get("cache_creation_input_tokens").intValue(), body);
            assertEquals(plain, usage.get("input_tokens").intValue(), body);
        }
        frontend.length = new PromptLength(11, List.of());
    }

    @Test
    void aFailureInsideAStreamIsAnErrorEventAndTheLast() throws Exception {
        frontend.script = request -> Source.from(List.of(
                new InferenceEvent.TextDelta("so far"),
                new InferenceEvent.Failed(InferenceFailure.of(InferenceFailure.Kind.ENGINE_FAILED, "it died"))));
        List<String> frames = frames(post(",\"stream\":true").body());
        String last = frames.get(frames.size() - 1);
        assertTrue(last.startsWith("event: error\ndata: "), last);
        JsonNode error = MAPPER.readTree(last.substring(last.indexOf("data: ") + 6));
        assertEquals("api_error", error.at("/error/type").textValue());
        assertTrue(error.get("request_id").textValue().startsWith("req_"));
    }

    @Test
    void failuresBeforeTheFirstTokenHaveTheStatusAndEnvelopeOfTheDialect() throws Exception {
        assertFailure(InferenceFailure.Kind.OVERLOADED, 529, "overloaded_error");
        assertFailure(InferenceFailure.Kind.RATE_LIMITED, 429, "rate_limit_error");
        assertFailure(InferenceFailure.Kind.UNKNOWN_MODEL, 404, "not_found_error");
        assertFailure(InferenceFailure.Kind.TIMEOUT, 504, "timeout_error");
        assertFailure(InferenceFailure.Kind.INTERNAL, 500, "api_error");
        JsonNode tooLong = assertFailure(InferenceFailure.Kind.CONTEXT_LENGTH_EXCEEDED, 400, "invalid_request_error");
        assertEquals(
                "prompt is too long: scripted", tooLong.at("/error/message").textValue(), "an engine's own words");
        String routers = RouteOutcome.tooLong(9, 8) + " of the workers";
        frontend.script = request -> Source.single(new InferenceEvent.Failed(RouteOutcome.TOO_LONG.failure(routers)));
        String told = MAPPER.readTree(post("").body()).at("/error/message").textValue();
        assertEquals("prompt is too long: 9 tokens > 8 maximum of the workers", told);
        PromptTooLong.assertTold(9, 8, told);
        frontend.script = request -> Source.single(new InferenceEvent.Failed(
                new InferenceFailure(InferenceFailure.Kind.CONTEXT_LENGTH_EXCEEDED, "1 + 9 of 8", "max_tokens", null)));
        assertEquals(
                "input length and `max_tokens` exceed context limit: 1 + 9 of 8",
                MAPPER.readTree(post("").body()).at("/error/message").textValue());
        JsonNode thread =
                MAPPER.readTree(post(",\"thread\":{\"type\":\"create\"}").body());
        assertEquals(
                "thread_unsupported_request",
                thread.at("/error/details/error_code").textValue());
    }

    @Test
    void whatPassesSaysWhenToTryAgainThoughNobodyKnows() {
        for (InferenceFailure.Kind kind : List.of(
                InferenceFailure.Kind.RATE_LIMITED,
                InferenceFailure.Kind.OVERLOADED,
                InferenceFailure.Kind.STORE_UNAVAILABLE)) {
            frontend.script =
                    request -> Source.single(new InferenceEvent.Failed(InferenceFailure.of(kind, "scripted")));
            assertEquals("1", post("").headers().firstValue("retry-after").orElseThrow());
        }
    }

    @Test
    void wrongRoutesMethodsAndModelsAreToldInTheEnvelopeOfTheDialect() throws Exception {
        assertEnvelope("not_found_error", frontend.get("/v1/messages/nope"));
        assertEnvelope("invalid_request_error", frontend.get("/v1/messages"));
        HttpResponse<String> model = frontend.send(HttpRequest.newBuilder(frontend.uri("/v1/models/none"))
                .header("anthropic-version", "2023-06-01")
                .build());
        assertEnvelope("not_found_error", model);
        assertTrue(MAPPER.readTree(frontend.get("/v1/models/none").body())
                .at("/error/param")
                .isTextual());
    }

    @Test
    void promptsAreCountedWithoutALimitOfTokens() throws Exception {
        String body = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
        assertEquals(
                "{\"input_tokens\":11}",
                frontend.post("/v1/messages/count_tokens?beta=true", body).body());
        assertEquals(400, frontend.post("/v1/messages/count_tokens", "{}").statusCode());
        assertEquals(400, frontend.post("/v1/messages", body).statusCode());
    }

    private static JsonNode assertFailure(InferenceFailure.Kind kind, int status, String type) throws Exception {
        frontend.script = request -> Source.single(
                new InferenceEvent.Failed(new InferenceFailure(kind, "scripted", null, Duration.ofMillis(1500))));
        HttpResponse<String> answer = post(",\"stream\":true");
        assertEquals(status, answer.statusCode());
        assertEquals("2", answer.headers().firstValue("retry-after").orElseThrow());
        return assertEnvelope(type, answer);
    }

    private static JsonNode assertEnvelope(String type, HttpResponse<String> answer) throws Exception {
        JsonNode body = MAPPER.readTree(answer.body());
        assertEquals("error", body.get("type").textValue(), answer.body());
        assertEquals(type, body.at("/error/type").textValue(), answer.body());
        assertEquals(
                answer.headers().firstValue("request-id").orElseThrow(),
                body.get("request_id").textValue());
        return body;
    }

    private static void answer(InferenceEvent... events) {
        frontend.script = request -> Source.from(Arrays.asList(events));
    }

    private static HttpResponse<String> post(String members) {
        return frontend.post(
                "/v1/messages?beta=true",
                "{\"model\":\"m\",\"max_tokens\":99,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]" + members
                        + "}");
    }

    private static List<String> frames(String body) {
        return List.of(body.strip().split("\n\n"));
    }

    /** Each event as its type, index and what it carries; its name and the type in its data must agree. */
    private static List<String> stream(String members) {
        List<String> events = new ArrayList<>();
        for (String frame : frames(post(",\"stream\":true" + members).body())) {
            JsonNode data;
            try {
                data = MAPPER.readTree(frame.substring(frame.indexOf("data: ") + 6));
            } catch (Exception e) {
                throw new AssertionError(frame, e);
            }
            String type = data.get("type").textValue();
            assertTrue(frame.startsWith("event: " + type + "\n"), frame);
            StringBuilder event = new StringBuilder(type);
            for (String name : List.of("index", "content_block", "delta")) {
                if (data.has(name)) {
                    event.append(' ').append(data.get(name));
                }
            }
            events.add(event.toString());
        }
        return events;
    }
}
