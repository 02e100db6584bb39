package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;

/** An engine's process is killed with -9 while it serves: no request ends silently. */
class EngineDeathIT {
    private static final int STREAMS_OF_A_KIND = 8;
    private static final String SLOW = "slow words ".repeat(30);

    @TempDir
    Path directory;

    @Test
    void everyTurnFinishesOnTheOtherEngineWithoutAGapOrARepetition() throws Exception {
        Path dataDir = directory.resolve("data");
        Path config = directory.resolve("round-robin.conf");
        // Every engine serves streams, whichever is killed.
        Files.writeString(config, "holdfast.router.strategy = round-robin");
        try (NodeProcess node =
                NodeProcess.start(dataDir, NodeProcess.freePort(), "--workers", "2", "--config", config.toString())) {
            ExecutorService threads = Executors.newCachedThreadPool();
            CountDownLatch streaming = new CountDownLatch(STREAMS_OF_A_KIND);
            List<CompletableFuture<Answer>> talking = new ArrayList<>();
            List<CompletableFuture<Answer>> silent = new ArrayList<>();
            for (int i = 0; i < STREAMS_OF_A_KIND; i++) {
                String action = i % 2 == 0
                        ? "{\"text\":\"" + SLOW + "\",\"pace_ms\":20}"
                        : "{\"call\":\"write\",\"args\":{\"words\":\"" + SLOW + "\"},\"pace_ms\":20}";
                String slow = "[sim][" + action + "][/sim] " + i;
                talking.add(CompletableFuture.supplyAsync(() -> chat(node, slow, streaming), threads));
            }
            streaming.await();
            for (int i = 0; i < STREAMS_OF_A_KIND; i++) {
                String late = "[sim][{\"text\":\"late\",\"delay_ms\":4000}][/sim] " + i;
                silent.add(CompletableFuture.supplyAsync(() -> chat(node, late, new CountDownLatch(1)), threads));
            }
            NodeProcess.await("every turn has been admitted by a worker", java.time.Duration.ofSeconds(30), () -> {
                int admitted = 0;
                for (var worker : node.get("/v1/workers").get("data")) {
                    admitted += worker.get("load").get("admittedTurns").asInt();
                }
                return admitted == 2 * STREAMS_OF_A_KIND;
            });

            node.engines().get(0).destroyForcibly();

            for (int i = 0; i < STREAMS_OF_A_KIND; i++) {
                Answer answer = talking.get(i).get();
                assertTrue(answer.done && !answer.error, answer.body);
                assertEquals(i % 2 == 0 ? SLOW : "{\"words\":\"" + SLOW + "\"}", said(answer.body));
            }
            String[] moved = Files.readString(dataDir.resolve("logs/node.log")).split("after its first token", -1);
            assertTrue(moved.length > 1, "the killed engine served no stream: the test proves nothing");
            for (CompletableFuture<Answer> future : silent) {
                Answer answer = future.get();
                assertEquals(200, answer.status, answer.body);
                assertTrue(answer.done, answer.body);
                assertFalse(answer.error, answer.body);
            }
            threads.shutdown();
        }
    }

    /** Text and arguments of a stream, put together. */
    private static String said(String stream) throws IOException {
        StringBuilder said = new StringBuilder();
        for (String line : stream.split("\n", -1)) {
            if (line.startsWith("data: {")) {
                JsonNode delta = new ObjectMapper()
                        .readTree(line.substring("data: ".length()))
                        .path("choices")
                        .path(0)
                        .path("delta");
                said.append(delta.path("content").asText(""));
                for (JsonNode call : delta.path("tool_calls")) {
                    said.append(call.path("function").path("arguments").asText(""));
                }
            }
        }
        return said.toString();
    }

    private static Answer chat(NodeProcess node, String prompt, CountDownLatch firstToken) {
        String body =
                "{\"model\":\"sim-echo\",\"stream\":true,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"write\"}}],"
                        + "\"messages\":[{\"role\":\"user\",\"content\":"
                        + com.fasterxml.jackson.databind.node.TextNode.valueOf(prompt) + "}]}";
        HttpRequest request = HttpRequest.newBuilder(URI.create(node.baseUrl() + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        StringBuilder text = new StringBuilder();
        try {
            HttpResponse<InputStream> response =
                    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    text.append(line).append('\n');
                    if (line.contains("\"content\":\"s") || line.contains("\"arguments\":\"{")) {
                        firstToken.countDown();
                    }
                }
            }
            String all = text.toString();
            return new Answer(
                    response.statusCode(), all.contains("data: [DONE]"), all.contains("data: {\"error\""), all);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private record Answer(int status, boolean done, boolean error, String body) {}
}
