package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What all routes share, over real HTTP. */
class HttpServerTest {
    static final String MINIMAL = "{\"model\":\"sim-echo\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
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
    void everyAnswerNamesItsRequest() {
        for (HttpResponse<String> answer : List.of(frontend.chat(MINIMAL), frontend.chat("{"), frontend.get("/nope"))) {
            String id = answer.headers().firstValue("x-request-id").orElseThrow();
            assertTrue(id.startsWith("req_"), id);
            assertEquals(id, answer.headers().firstValue("request-id").orElseThrow());
        }
        HttpResponse<String> kept = frontend.send(HttpRequest.newBuilder(frontend.uri("/health/live"))
                .header("x-request-id", "proxy-17")
                .build());
        assertEquals("proxy-17", kept.headers().firstValue("x-request-id").orElseThrow());
    }

    @Test
    void wrongRoutesAndMethodsAreAnsweredInTheEnvelope() {
        assertError(404, frontend.get("/v1/nope"));
        assertError(404, frontend.get("/v1/models/none%20such"));
        HttpResponse<String> wrongMethod = frontend.get("/v1/chat/completions");
        assertError(405, wrongMethod);
        assertEquals("POST", wrongMethod.headers().firstValue("allow").orElseThrow());
    }

    @Test
    void malformedJsonIsRefusedWithItsPlace() {
        JsonNode error = assertError(400, frontend.chat("{\"model\": \"m\",\n oops}"));
        assertEquals(
                "the body is not valid JSON: there is something that cannot stand there (line 2, column 2)",
                error.get("message").textValue());
        for (String body : List.of("{\"model\":", MINIMAL + "{}", "{\"n\":" + "9".repeat(2000) + "}", "\u0001")) {
            String message =
                    assertError(400, frontend.chat(body)).get("message").textValue();
            assertFalse(message.matches(".*(token|[a-z][A-Z]|CTRL).*"), message);
        }
        assertEquals(
                "'messages' must be an array with at least one message; got an empty array",
                assertError(400, frontend.chat("{\"model\":\"m\",\"messages\":[]}"))
                        .get("message")
                        .textValue());
        assertError(400, frontend.chat(""));
        assertError(400, frontend.chat("[]"));
        assertError(400, frontend.chat(MINIMAL + "{}"));
    }

    @Test
    void deepNestingIsRefusedHoweverLong() {
        String open = "[".repeat(100_000);
        assertError(400, frontend.chat("{\"model\":\"m\",\"x\":" + open));
    }

    @Test
    void aBodyOverTheLimitIs413WithOrWithoutADeclaredLength() {
        String body = MINIMAL.replace("hi", "x".repeat(600_000));
        assertError(413, frontend.chat(body));
        assertError(
                413,
                frontend.send(chatRequest()
                        .POST(BodyPublishers.fromPublisher(BodyPublishers.ofString(body)))
                        .build()));
        assertEquals(
                200, frontend.chat(MINIMAL.replace("hi", "x".repeat(200_000))).statusCode());
    }

    @Test
    void onlyPlainJsonIsRead() {
        HttpRequest.Builder request = HttpRequest.newBuilder(frontend.uri("/v1/chat/completions"));
        JsonNode type = assertError(
                415,
                frontend.send(request.POST(BodyPublishers.ofString(MINIMAL)).build()));
        assertTrue(type.get("message").textValue().startsWith("content-type is "), type.toString());
        JsonNode encoding = assertError(
                415,
                frontend.send(chatRequest()
                        .header("content-encoding", "gzip")
                        .POST(BodyPublishers.ofString(MINIMAL))
                        .build()));
        assertTrue(encoding.get("message").textValue().startsWith("content-encoding "), encoding.toString());
    }

    @Test
    void headersPastTheLimitsAreAnsweredInTheEnvelope() {
        HttpResponse<String> answer = frontend.send(HttpRequest.newBuilder(frontend.uri("/v1/models"))
                .header("x-long", "x".repeat(10_000))
                .build());
        assertError(431, answer);
        assertTrue(answer.headers().firstValue("x-request-id").isPresent());
    }

    @Test
    void theRootNamesTheRoutesAndWhatTakesGetTakesHead() {
        assertTrue(json(frontend.get("/")).get("routes").toString().contains("POST /v1/explain"));
        for (String path : List.of("/", "/v1/models", "/health/ready", "/metrics")) {
            HttpResponse<String> head = frontend.send(HttpRequest.newBuilder(frontend.uri(path))
                    .method("HEAD", BodyPublishers.noBody())
                    .build());
            assertEquals(200, head.statusCode(), path);
            assertEquals("", head.body());
        }
    }

    @Test
    void queryStringsOfOtherApisAreIgnored() {
        assertEquals(
                200, frontend.post("/v1/chat/completions?beta=true", MINIMAL).statusCode());
        assertEquals(200, frontend.get("/v1/models?limit=1000").statusCode());
    }

    @Test
    void modelsWithSlashesAreFound() throws Exception {
        JsonNode list = json(frontend.get("/v1/models"));
        assertEquals("list", list.get("object").textValue());
        assertEquals("org/model-7b", list.get("last_id").textValue());
        assertEquals(
                "org/model-7b",
                json(frontend.get("/v1/models/org/model-7b")).get("id").textValue());
        assertEquals(
                "org/model-7b",
                json(frontend.get("/v1/models/org%2Fmodel-7b")).get("id").textValue());
    }

    @Test
    void healthTellsWhatIsMissing() {
        assertEquals(200, frontend.get("/health/live").statusCode());
        assertEquals(200, frontend.get("/health/ready").statusCode());
        frontend.missing = List.of("no worker is ready");
        HttpResponse<String> notReady = frontend.get("/health/ready");
        frontend.missing = List.of();
        assertEquals(503, notReady.statusCode());
        assertTrue(notReady.body().contains("no worker is ready"));
    }

    @Test
    void metricsAreScraped() {
        frontend.chat(MINIMAL);
        String metrics = frontend.get("/metrics").body();
        assertTrue(metrics.contains("holdfast_http_responses_total{status=\"200\"}"), metrics);
        assertTrue(metrics.contains("holdfast_tokens_prompt_total{source=\"cached\"}"), metrics);
        assertTrue(metrics.contains("holdfast_tokens_output_total "), metrics);
    }

    @Test
    void keysNameTenantsAndAreNeededOnceThereAreAny() throws InterruptedException {
        FrontendSettings open = FrontendFixture.SETTINGS;
        FrontendSettings locked = new FrontendSettings(
                open.host(),
                open.port(),
                List.of(
                        FrontendSettings.ApiKey.of("key-a", new TenantId("a")),
                        FrontendSettings.ApiKey.of("key-b", new TenantId("b"))),
                open.bodies(),
                open.firstByteAfter(),
                open.keepAliveInterval(),
                open.drainTimeout(),
                open.maxChoices(),
                open.keepResponses(),
                open.maxResponses(),
                open.rates(),
                open.promptNoise());
        try (FrontendFixture secured = FrontendFixture.start(locked)) {
            JsonNode error = assertError(401, secured.chat(MINIMAL));
            assertEquals("invalid_api_key", error.get("code").textValue());
            assertError(401, secured.get("/v1/models"));
            assertError(401, secured.get("/metrics"));
            assertEquals(200, secured.get("/health/live").statusCode());
            secured.send(HttpRequest.newBuilder(secured.uri("/v1/chat/completions"))
                    .header("content-type", "application/json")
                    .header("authorization", "Bearer key-b")
                    .POST(BodyPublishers.ofString(MINIMAL))
                    .build());
            assertEquals(new TenantId("b"), secured.nextSeen().session().tenant());
            secured.send(HttpRequest.newBuilder(secured.uri("/v1/chat/completions"))
                    .header("content-type", "application/json")
                    .header("x-api-key", "key-a")
                    .POST(BodyPublishers.ofString(MINIMAL))
                    .build());
            assertEquals(new TenantId("a"), secured.nextSeen().session().tenant());
            assertError(
                    401,
                    secured.send(HttpRequest.newBuilder(secured.uri("/v1/models"))
                            .header("authorization", "Bearer key-")
                            .build()));
        }
    }

    @Test
    void anIdempotencyKeyNamesTheTurn() throws InterruptedException {
        frontend.seen.clear();
        for (String key : List.of("one", "one", "two")) {
            frontend.send(chatRequest()
                    .header("idempotency-key", key)
                    .POST(BodyPublishers.ofString(MINIMAL))
                    .build());
        }
        var first = frontend.nextSeen().turn();
        assertEquals(first, frontend.nextSeen().turn());
        assertFalse(first.equals(frontend.nextSeen().turn()));
    }

    @Test
    void headersNameTheSessionAndAreCheckedBeforeTheBody() throws InterruptedException {
        frontend.seen.clear();
        frontend.send(chatRequest()
                .header("X-Dynamo-Session-ID", "run:7")
                .header("X-Dynamo-Parent-Session-ID", "run:1")
                .header("X-Dynamo-Session-Final", "true")
                .POST(BodyPublishers.ofString(MINIMAL))
                .build());
        assertEquals(
                new SessionContext(TenantId.DEFAULT, new SessionId("run:7"), new SessionId("run:1"), true),
                frontend.nextSeen().session());
        JsonNode error = assertError(
                400,
                frontend.send(chatRequest()
                        .header("X-Holdfast-Session-ID", "x".repeat(513))
                        .POST(BodyPublishers.ofString("{"))
                        .build()));
        assertTrue(error.get("message").textValue().contains("x-holdfast-session-id"));
    }

    @Test
    void aBugIsAnInternalErrorThatTellsNothing() {
        frontend.script = request -> {
            throw new IllegalStateException("secret detail");
        };
        HttpResponse<String> answer = frontend.chat(MINIMAL);
        frontend.script = request -> FrontendFixture.answer("hello");
        assertError(500, answer);
        assertFalse(answer.body().contains("secret"));
    }

    private static HttpRequest.Builder chatRequest() {
        return HttpRequest.newBuilder(frontend.uri("/v1/chat/completions")).header("content-type", "application/json");
    }

    static JsonNode assertError(int status, HttpResponse<String> answer) {
        assertEquals(status, answer.statusCode(), answer.body());
        JsonNode error = json(answer).get("error");
        assertTrue(error.get("message").isTextual() && error.get("type").isTextual(), answer.body());
        assertTrue(error.has("param") && error.has("code"), answer.body());
        return error;
    }

    static JsonNode json(HttpResponse<String> answer) {
        try {
            return new ObjectMapper().readTree(answer.body());
        } catch (Exception e) {
            throw new AssertionError("no JSON: " + answer.body(), e);
        }
    }
}
