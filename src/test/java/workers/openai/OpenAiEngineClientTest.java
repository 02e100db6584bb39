package workers.openai;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.KillSwitches;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Sink;
import inference.AgentHints;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.Message;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.TurnId;
import inference.Usage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.EngineClient;
import workers.Seat;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

@Timeout(60)
class OpenAiEngineClientTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    private static final String SSE = WireEngine.head(200, "text/event-stream");
    private static final String HELLO = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"héllo\"}}]}\n\n";
    private static final String REST =
            """
            data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

            data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}

            data: [DONE]

            """;

    @Test
    void streamsAnAnswer() throws Exception {
        try (WireEngine engine = new WireEngine((request, out) -> WireEngine.write(out, SSE + HELLO + REST))) {
            List<InferenceEvent> events = answer(engine.url());

            assertEquals(
                    List.of(
                            new InferenceEvent.TextDelta("héllo"),
                            new InferenceEvent.Finished(FinishReason.STOP, null, new Usage(9, 0, 1, 0))),
                    events);
            String request = engine.requests.take();
            assertTrue(request.startsWith("POST /v1/chat/completions HTTP/1.1\r\n"), request);
            assertTrue(request.contains("X-Request-Id: turn-1\r\n"), request);
        }
    }

    @Test
    void readsAnAnswerCutAnywhere() throws Exception {
        try (WireEngine engine = new WireEngine((request, out) -> {
            for (byte one : (SSE + HELLO + REST).getBytes(StandardCharsets.UTF_8)) {
                out.write(one);
                out.flush();
            }
        })) {
            assertEquals(
                    new InferenceEvent.TextDelta("héllo"), answer(engine.url()).get(0));
        }
    }

    @Test
    void anAnswerThatBreaksOffIsAnEngineFailure() throws Exception {
        try (WireEngine engine = new WireEngine((request, out) -> WireEngine.write(out, SSE + HELLO))) {
            List<InferenceEvent> events = answer(engine.url());

            assertEquals(2, events.size());
            assertEquals(Kind.ENGINE_FAILED, failure(events.get(1)).kind());
        }
    }

    @Test
    void aChunkedAnswerWithoutItsEndIsAnEngineFailure() throws Exception {
        String head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        try (WireEngine engine =
                new WireEngine((request, out) -> WireEngine.write(out, head + "a\r\n: comment\n\r\n"))) {
            List<InferenceEvent> events = answer(engine.url());

            assertEquals(1, events.size());
            assertEquals(Kind.ENGINE_FAILED, failure(events.get(0)).kind());
        }
    }

    @Test
    void aBreakAfterTheFinishReasonLosesNothing() throws Exception {
        String finish = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n";
        try (WireEngine engine = new WireEngine((request, out) -> WireEngine.write(out, SSE + HELLO + finish))) {
            assertInstanceOf(InferenceEvent.Finished.class, answer(engine.url()).get(1));
        }
    }

    @Test
    void aRefusedConnectionIsAnEngineFailure() throws Exception {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        OpenAiEngineClient client = client("http://127.0.0.1:" + port, Duration.ofMinutes(1));
        for (int i = 0; i < 200; i++) { // the refusal comes before, while or after the request is handed over
            List<InferenceEvent> events = answer(client);

            assertEquals(1, events.size());
            assertEquals(Kind.ENGINE_FAILED, failure(events.get(0)).kind());
        }
    }

    @Test
    void aConnectionClosedWithoutAnswerIsAnEngineFailure() throws Exception {
        try (WireEngine engine = new WireEngine((request, out) -> {})) {
            assertEquals(
                    Kind.ENGINE_FAILED, failure(answer(engine.url()).get(0)).kind());
        }
    }

    @Test
    void errorsKeepTheirMeaning() throws Exception {
        String tooLong = "{\"error\":{\"message\":\"too long\",\"type\":\"invalid_request_error\","
                + "\"code\":\"context_length_exceeded\",\"param\":\"messages\"}}";
        assertEquals(
                new InferenceFailure(Kind.CONTEXT_LENGTH_EXCEEDED, "too long", "messages", null),
                refusal(400, "", tooLong));
        assertEquals(Kind.RATE_LIMITED, refusal(429, "Retry-After: 7\r\n", "{}").kind());
        assertEquals(
                Duration.ofSeconds(7), refusal(429, "Retry-After: 7\r\n", "{}").retryAfter());
        String now = "Date: Tue, 01 Dec 2026 08:00:00 GMT\r\n";
        String then = "Retry-After: Tue, 01 Dec 2026 08:01:30 GMT\r\n";
        assertEquals(Duration.ofSeconds(90), refusal(503, now + then, "busy").retryAfter());
        InferenceFailure unsaid = refusal(503, "", "busy");
        assertEquals(Kind.OVERLOADED, unsaid.kind());
        assertEquals(Duration.ofSeconds(1), unsaid.retryAfter());
        assertEquals(unsaid, refusal(503, then, "busy"), "from when?");
        assertEquals(unsaid, refusal(503, "Retry-After: soon\r\n", "busy"));
        assertEquals(
                Kind.UNKNOWN_MODEL,
                refusal(404, "", "{\"message\":\"no such model\"}").kind());
        assertEquals(Kind.ENGINE_FAILED, refusal(500, "", "<html>").kind());
    }

    @Test
    void anEngineThatFallsSilentTimesOut() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (WireEngine engine = new WireEngine((request, out) -> {
            WireEngine.write(out, SSE + HELLO);
            end.await();
        })) {
            List<InferenceEvent> events = answer(client(engine.url(), Duration.ofMillis(300)));

            assertEquals(Kind.TIMEOUT, failure(events.get(1)).kind());
            assertTrue(engine.clientLeft.await(10, TimeUnit.SECONDS), "the connection is closed");
            end.countDown();
        }
    }

    @Test
    void cancellingBeforeTheFirstByteClosesTheConnection() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (WireEngine engine = new WireEngine((request, out) -> end.await())) {
            var kill = client(engine.url(), Duration.ofMinutes(1))
                    .generate(request(), Seat.ANY)
                    .viaMat(KillSwitches.single(), Keep.right())
                    .to(Sink.ignore())
                    .run(kit.kit().system());
            engine.requests.take();
            assertEquals(1, engine.clientLeft.getCount());

            kill.shutdown();

            assertTrue(engine.clientLeft.await(10, TimeUnit.SECONDS), "the connection is closed");
            end.countDown();
        }
    }

    @Test
    void cancellingAStreamClosesTheConnection() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (WireEngine engine = new WireEngine((request, out) -> {
            WireEngine.write(out, SSE + HELLO);
            end.await();
        })) {
            InferenceEvent first = client(engine.url(), Duration.ofMinutes(1))
                    .generate(request(), Seat.ANY)
                    .runWith(Sink.head(), kit.kit().system())
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);

            assertEquals(new InferenceEvent.TextDelta("héllo"), first);
            assertTrue(engine.clientLeft.await(10, TimeUnit.SECONDS), "the connection is closed");
            end.countDown();
        }
    }

    @Test
    void probesWhatAnEngineSaysOfItself() throws Exception {
        String models = "{\"data\":[{\"id\":\"tuned\",\"parent\":\"base\"},{\"id\":\"base\",\"max_model_len\":4096}]}";
        String metrics =
                """
                # HELP vllm:num_requests_running x
                vllm:num_requests_running{engine="0",model_name="base"} 2.0
                vllm:num_requests_running{engine="1",model_name="base"} 1.0
                vllm:num_requests_waiting{engine="0"} 4
                vllm:cache_config_info{block_size="32",cache_dtype="auto",num_gpu_blocks="1234"} 1.0
                process_start_time_seconds 1.7636e+09
                """;
        try (WireEngine engine = pages(models, 200, metrics)) {
            EngineClient.Probe probe = probe(engine.url());

            assertEquals(
                    new EngineFacts(List.of("base", "tuned"), 32, 1234, 8192, 256, 99, EngineCapabilities.NONE),
                    probe.facts());
            assertEquals(1_763_600_000_000L, probe.lifeNumber());
            assertEquals(3, probe.runningRequests());
            assertEquals(4, probe.waitingRequests());
        }
    }

    @Test
    void anEngineWithoutMetricsIsProbedByItsModels() throws Exception {
        try (WireEngine engine = pages("{\"data\":[{\"id\":\"base\",\"max_model_len\":4096}]}", 404, "no")) {
            EngineClient.Probe probe = probe(engine.url());

            assertEquals(
                    new EngineFacts(List.of("base"), 16, 100, 8192, 256, 4096, EngineCapabilities.NONE), probe.facts());
            assertEquals(0, probe.lifeNumber());
        }
    }

    @Test
    void theProbeOfASilentEngineFails() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (WireEngine engine = new WireEngine((request, out) -> end.await())) {
            assertThrows(ExecutionException.class, () -> probe(engine.url()));
            end.countDown();
        }
    }

    private static WireEngine pages(String models, int metricsStatus, String metrics) throws IOException {
        return new WireEngine((request, out) -> WireEngine.write(
                out,
                request.startsWith("GET /v1/models ")
                        ? WireEngine.head(200, "application/json") + models
                        : WireEngine.head(metricsStatus, "text/plain") + metrics));
    }

    private static InferenceFailure refusal(int status, String headers, String body) throws Exception {
        String response =
                "HTTP/1.1 " + status + " X\r\n" + headers + "Content-Length: " + body.length() + "\r\n\r\n" + body;
        try (WireEngine engine = new WireEngine((request, out) -> WireEngine.write(out, response))) {
            List<InferenceEvent> events = answer(engine.url());
            assertEquals(1, events.size());
            return failure(events.get(0));
        }
    }

    private static InferenceFailure failure(InferenceEvent event) {
        return assertInstanceOf(InferenceEvent.Failed.class, event).failure();
    }

    @Test
    void asksVllmForTheTokensOfAPrompt() throws Exception {
        String told = "{\"count\":3,\"max_model_len\":32768,\"tokens\":[151644,8948,198],\"token_strs\":null}";
        try (WireEngine engine = new WireEngine(
                (request, out) -> WireEngine.write(out, WireEngine.head(200, "application/json") + told))) {
            assertArrayEquals(
                    new int[] {151644, 8948, 198}, promptTokens(engine.url()).orElseThrow());

            String request = engine.requests.take();
            assertTrue(request.startsWith("POST /tokenize HTTP/1.1\r\n"), request);
            assertTrue(
                    request.endsWith("{\"model\":\"base\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
                            + "\"add_generation_prompt\":true}"),
                    request);
        }
    }

    @Test
    void anEngineWithoutThatEndpointHasNoWayToTell() throws Exception {
        try (WireEngine engine = new WireEngine((request, out) ->
                WireEngine.write(out, WireEngine.head(404, "application/json") + "{\"detail\":\"Not Found\"}"))) {
            assertTrue(promptTokens(engine.url()).isEmpty());
        }
    }

    /** SGLang has the endpoint, for texts. */
    @Test
    void anEngineThatRefusesThePromptTellsNothingOfIt() throws Exception {
        String refusal =
                "{\"object\":\"error\",\"message\":\"1 validation errors: 'loc': ('body', 'prompt'), 'msg': 'Field"
                        + " required'\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}";
        try (WireEngine engine = new WireEngine(
                (request, out) -> WireEngine.write(out, WireEngine.head(400, "application/json") + refusal))) {
            assertTrue(promptTokens(engine.url()).isEmpty());
        }
    }

    @Test
    void anEngineThatIsNotReadyTellsNothingYet() throws Exception {
        try (WireEngine engine =
                new WireEngine((request, out) -> WireEngine.write(out, WireEngine.head(503, "text/plain") + "busy"))) {
            assertThrows(ExecutionException.class, () -> promptTokens(engine.url()));
        }
    }

    private static Optional<int[]> promptTokens(String url) throws Exception {
        return client(url, Duration.ofMinutes(1))
                .promptTokens(request(), true)
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    private static EngineClient.Probe probe(String url) throws Exception {
        return client(url, Duration.ofMinutes(1)).probe().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private static List<InferenceEvent> answer(String url) throws Exception {
        return answer(client(url, Duration.ofMinutes(1)));
    }

    private static List<InferenceEvent> answer(OpenAiEngineClient client) throws Exception {
        return client.generate(request(), Seat.ANY)
                .runWith(Sink.seq(), kit.kit().system())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    private static OpenAiEngineClient client(String url, Duration streamIdleTimeout) {
        EngineFacts unsaid = new EngineFacts(List.of(), 16, 100, 8192, 256, 99, EngineCapabilities.NONE);
        OpenAiSettings settings = new OpenAiSettings(
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                streamIdleTimeout,
                Duration.ofSeconds(2),
                EnginePriority.OFF,
                ResumedAnswers.OFF,
                false,
                unsaid);
        return new OpenAiEngineClient(kit.kit().system().classicSystem(), new WorkerId(url), settings);
    }

    private static InferenceRequest request() {
        return new InferenceRequest(
                new TurnId("turn-1"),
                "base",
                new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                List.of(),
                ToolChoice.AUTO,
                true,
                List.of(Message.text(Role.USER, "hi")),
                Sampling.DEFAULT,
                null,
                AgentHints.NONE,
                List.of());
    }
}
