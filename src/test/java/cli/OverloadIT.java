package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static testkit.NodeProcess.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import testkit.EngineGauges;
import testkit.LeavingClient;
import testkit.NodeProcess;

/** A node whose only engine takes one turn, and where none may wait. */
class OverloadIT {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    static Path directory;

    private static NodeProcess node;
    private static EngineGauges engine;
    private static int port;

    @BeforeAll
    static void start() throws Exception {
        Path config = directory.resolve("full.conf");
        Files.writeString(
                config,
                """
                holdfast.workers.turns-per-slot = 0.001
                holdfast.router.queue.max-waiting = 0
                holdfast.agents.turn.client-stall-timeout = 1s
                """);
        port = NodeProcess.freePort();
        node = NodeProcess.start(directory.resolve("data"), port, "--workers", "1", "--config", config.toString());
        engine = EngineGauges.of(node.get("/v1/workers").at("/data/0/id").textValue());
    }

    @AfterAll
    static void stop() throws Exception {
        assertEquals(0, node.interrupt());
        node.close();
    }

    /** @param leave how the client that fills the node goes: by a reset or an orderly close */
    @ParameterizedTest
    @CsvSource({
        "/v1/chat/completions, true, reset",
        "/v1/chat/completions, false, close",
        "/v1/responses, true, close",
        "/v1/responses, false, reset",
        "/v1/messages, true, reset",
        "/v1/messages, false, close"
    })
    void whatIsTooMuchIsToldSoUntilTheClientThatFillsTheNodeLeaves(String path, boolean stream, String leave)
            throws Exception {
        try (LeavingClient filling = fill(path, stream)) {
            HttpResponse<String> refused = post(path, LeavingClient.body(path, "hi", stream));
            assertEquals(429, refused.statusCode(), refused.body());
            assertEquals("1", refused.headers().firstValue("retry-after").orElseThrow());
            assertEquals(
                    "rate_limit_error",
                    MAPPER.readTree(refused.body()).at("/error/type").textValue());

            if (leave.equals("reset")) {
                filling.reset();
            }
        }
        await("the engine has stopped it and freed its blocks", Duration.ofSeconds(30), engine::idle);
        awaitRoom(path);
    }

    /** The router learns a moment after a client that its turn is over: until then who asks next is refused. */
    private static LeavingClient fill(String path, boolean stream) throws IOException {
        while (true) {
            LeavingClient filling = LeavingClient.ask(port, path, LeavingClient.SILENT, stream);
            await("an answer", Duration.ofSeconds(30), () -> filling.refused() || engine.running(1));
            if (!filling.refused()) {
                return filling;
            }
            filling.close();
        }
    }

    @Test
    void aClientThatStopsReadingLosesItsAnswerButNobodyElseTheEngine() throws Exception {
        String path = "/v1/chat/completions";
        // With so many alternatives a token is a kilobyte: more in all than sockets take. Then the engine waits for a
        // minute.
        String answer = "[sim][[{\\\"text\\\":\\\"" + "a".repeat(20_000)
                + "\\\"},{\\\"text\\\":\\\"b\\\",\\\"delay_ms\\\":60000}]][/sim]";
        String body = LeavingClient.body(path, answer, true)
                .replace("\"stream\":true", "\"stream\":true,\"logprobs\":true,\"top_logprobs\":20");
        try (LeavingClient stalled = LeavingClient.send(port, path, body)) {
            await("the engine runs the request", Duration.ofSeconds(30), () -> engine.running(1));
            await("the engine has stopped it and freed its blocks", Duration.ofSeconds(40), engine::idle);
            awaitRoom(path);

            String last = stalled.lastBytes(1000);
            assertTrue(last.contains("holdfast.agents.turn.client-stall-timeout"), last);
        }
    }

    @Test
    void aNodeWhoseWorkersAllDrainSaysSoAndServesAgainWhenTheyAreTakenBack() throws IOException {
        String id = node.get("/v1/workers").at("/data/0/id").textValue();
        String drain = "/v1/workers/" + URLEncoder.encode(id, StandardCharsets.UTF_8) + "/drain";
        node.post(drain, MAPPER.createObjectNode());
        await("the router has heard of it", Duration.ofSeconds(30), () -> ready().statusCode() == 503);
        assertTrue(ready().body().contains("no worker takes turns now"), ready().body());

        for (boolean stream : List.of(true, false)) {
            refusesToServe("/v1/chat/completions", stream, 503, "server_error");
            refusesToServe("/v1/responses", stream, 503, "server_error");
            refusesToServe("/v1/messages", stream, 529, "overloaded_error");
        }

        node.delete(drain);
        await("it is ready again", Duration.ofSeconds(30), () -> ready().statusCode() == 200);
        for (String path : List.of("/v1/chat/completions", "/v1/responses", "/v1/messages")) {
            assertEquals(200, post(path, LeavingClient.body(path, "hi", false)).statusCode(), path);
        }
    }

    private static void refusesToServe(String path, boolean stream, int status, String type) throws IOException {
        HttpResponse<String> refused = post(path, LeavingClient.body(path, "hi", stream));
        assertEquals(status, refused.statusCode(), refused.body());
        assertEquals("1", refused.headers().firstValue("retry-after").orElseThrow(), path);
        JsonNode error = MAPPER.readTree(refused.body()).get("error");
        assertEquals(type, error.get("type").textValue(), path);
        assertTrue(error.get("message").textValue().contains("drain"), refused.body());
    }

    private static void awaitRoom(String path) {
        await("there is room again", Duration.ofSeconds(30), () -> {
            HttpResponse<String> answer = post(path, LeavingClient.body(path, "hi", false));
            assertTrue(answer.statusCode() == 200 || answer.statusCode() == 429, answer.body());
            return answer.statusCode() == 200;
        });
    }

    private static HttpResponse<String> ready() {
        return send(HttpRequest.newBuilder(URI.create(node.baseUrl() + "/health/ready"))
                .build());
    }

    private static HttpResponse<String> post(String path, String body) {
        return send(HttpRequest.newBuilder(URI.create(node.baseUrl() + path))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    private static HttpResponse<String> send(HttpRequest request) {
        try {
            return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
