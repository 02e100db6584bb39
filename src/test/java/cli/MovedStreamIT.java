package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.TurnId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import testkit.LlamaServer;
import testkit.NodeProcess;
import testkit.SimProcess;

/**
 * A real llama-server is killed with -9 while it streams, behind a real node: the client's stream goes on at another server, and
 * all in all says what an undisturbed one does. One that a simulated engine began goes on, too.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class MovedStreamIT {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final ObjectMapper JSON = new ObjectMapper();
    /** One in each test that does not think. */
    private static final int KILLS = 4;

    private static final int TOKENS = 3000;
    /** A model that thinks, and never stops, where a request names an effort. */
    private static final String THINKER = "thinker";
    /** A model of engines of two kinds, of which one goes on with no answers. */
    private static final String MIXED = "mixed";
    /** What a server says does not depend on how much of a prompt it computes at once: random weights leave logits close together. */
    private static final List<String> EXACT =
            List.of("-ctk", "f32", "-ctv", "f32", "-fa", "off", "-np", "2", "-c", "32768");
    /** Chunks after which the server is killed. */
    private static final int HEARD = 5;

    @TempDir
    static Path folder;

    private static final List<LlamaServer> servers = new ArrayList<>();
    private static LlamaServer mixed;
    private static SimProcess unable;
    private static NodeProcess node;

    /** What a client made of a stream. */
    private record Heard(
            TurnId turn,
            String reasoning,
            String text,
            String callId,
            String arguments,
            String finish,
            JsonNode usage) {}

    @BeforeAll
    static void start() throws Exception {
        Path program = LlamaServer.program();
        Path model = LlamaServer.model(folder);
        for (int i = 0; i <= KILLS; i++) {
            servers.add(LlamaServer.start(program, model, folder, EXACT.toArray(String[]::new)));
        }
        List<String> thinking = new ArrayList<>(EXACT);
        thinking.addAll(List.of(
                "--alias", THINKER, "--chat-template-file", thinkingTemplate().toString()));
        for (int i = 0; i < 2; i++) {
            servers.add(LlamaServer.start(program, model, folder, thinking.toArray(String[]::new)));
        }
        mixed = LlamaServer.start(program, model, folder, "-np", "2", "-c", "32768", "--alias", MIXED);
        servers.add(mixed);
        unable = SimProcess.start("--model", MIXED);
        StringBuilder conf = new StringBuilder("holdfast.workers.engines = [\n{ url = \"" + unable.url() + "\" }\n");
        for (LlamaServer server : servers) {
            conf.append("{ url = \"%s\", kind = llama-cpp }\n".formatted(server.url()));
        }
        Path file = Files.writeString(folder.resolve("node.conf"), conf.append("]\n"));
        node = NodeProcess.start(folder.resolve("data"), NodeProcess.freePort(), "--config", file.toString());
    }

    /** The model's own, but for what makes it think. */
    private static Path thinkingTemplate() throws IOException {
        String own = Files.readString(Path.of("examples", "llama", "chatml-tools.jinja"));
        String thinking = own.replace(
                        "{{ '<|im_start|>assistant\\n' }}",
                        "{{ '<|im_start|>assistant\\n' + ('<think>\\n' if reasoning_effort else '') }}")
                .replace(
                        "{%- if message.content -%}",
                        "{%- if message.reasoning_content -%}"
                                + "{{ '<think>\\n' + message.reasoning_content + '\\n</think>\\n' }}"
                                + "{%- endif -%}{%- if message.content -%}");
        return Files.writeString(folder.resolve("thinking.jinja"), thinking);
    }

    @AfterAll
    static void stop() {
        if (node != null) {
            node.close();
        }
        servers.forEach(LlamaServer::close);
        if (unable != null) {
            unable.close();
        }
    }

    @BeforeEach
    void itIsKnownWhoLives() {
        NodeProcess.await("every server is known as it is", PATIENCE, () -> servers.stream()
                .allMatch(server -> server.alive()
                        == worker(server.url()).path("state").asText().equals("READY")));
    }

    @Test
    void aTextGoesOnAndSaysWhatItWouldHaveSaid() throws Exception {
        ObjectNode request = request().put("temperature", 0).put("max_tokens", TOKENS);

        Heard moved = killedMeanwhile(request);

        assertEquals(TOKENS, moved.text().length());
        assertSame(stream(request, 0, () -> {}), moved);
    }

    @Test
    void aTextThatIsDrawnByChanceGoesOnToItsEnd() throws Exception {
        Heard moved = killedMeanwhile(request().put("temperature", 1).put("max_tokens", TOKENS));

        assertEquals(TOKENS, moved.text().length());
        assertEquals("length", moved.finish());
        assertEquals(TOKENS, moved.usage().path("completion_tokens").asInt());
    }

    @Test
    void aToolCallGoesOnWithTheIdThatTheClientHas() throws Exception {
        ObjectNode request =
                request().put("temperature", 0).put("max_tokens", 2 * TOKENS).put("tool_choice", "required");
        ((ObjectNode) request.path("logit_bias")).put("2", 50).put("258", 100);

        Heard moved = killedMeanwhile(request);

        assertEquals(command(), JSON.readTree(moved.arguments()).path("command").asText());
        assertEquals("tool_calls", moved.finish());
        assertFalse(moved.callId().isEmpty());
        assertSame(stream(request, 0, () -> {}), moved);
    }

    /** Of which a client names no seed: the one that the node drew for its turn is told by the turn's name. */
    @Test
    void aToolCallThatIsDrawnByChanceIsToldAgainAsItWas() throws Exception {
        ObjectNode request =
                request().put("temperature", 1).put("max_tokens", TOKENS).put("tool_choice", "required");
        ((ObjectNode) request.path("logit_bias")).put("2", 50).put("34", -100);
        ((ObjectNode) request.at("/tools/0/function/parameters/properties/command")).remove("enum");

        Heard moved = killedMeanwhile(request);

        assertTrue(moved.arguments().length() > TOKENS / 2, moved.arguments());
        assertEquals("length", moved.finish());
        assertSame(stream(request.put("seed", moved.turn().seed()), 0, () -> {}), moved);
    }

    @Test
    void aReasoningThatIsDrawnByChanceIsToldAgainAsItWas() throws Exception {
        ObjectNode request = request()
                .put("model", THINKER)
                .put("temperature", 1)
                .put("max_tokens", TOKENS)
                .put("reasoning_effort", "high");

        Heard moved = killedMeanwhile(request);

        assertEquals(TOKENS, moved.reasoning().length());
        assertEquals("", moved.text());
        assertSame(stream(request.put("seed", moved.turn().seed()), 0, () -> {}), moved);
    }

    @Test
    void aTextOfAnEngineThatGoesOnWithNoneGoesOnAtOneThatDoes() throws Exception {
        String drain = "/v1/workers/" + URLEncoder.encode(mixed.url(), StandardCharsets.UTF_8) + "/drain";
        awaitState(unable.url(), "READY");
        node.post(drain, JSON.createObjectNode());
        awaitState(mixed.url(), "DRAINING");
        String begun = "word-".repeat(200);
        ObjectNode request =
                JSON.createObjectNode().put("model", MIXED).put("stream", true).put("max_tokens", 400);
        request.putObject("stream_options").put("include_usage", true);
        request.putArray("messages")
                .addObject()
                .put("role", "user")
                .put("content", "[sim][{\"text\":\"" + begun + "\",\"pace_ms\":50}][/sim]");
        int before = moves();

        Heard moved = stream(request, HEARD, () -> {
            node.delete(drain);
            awaitState(mixed.url(), "READY");
            unable.close();
        });

        assertEquals(before + 1, moves(), "turns that were moved after their first token");
        assertTrue(moved.text().startsWith("word"), moved.text());
        assertFalse(moved.text().startsWith(begun.substring(0, 400)), "the rest is another engine's");
        assertEquals("length", moved.finish());
        assertEquals(400, moved.usage().path("completion_tokens").asInt());
    }

    private static void awaitState(String worker, String state) {
        NodeProcess.await(
                worker + " is " + state,
                PATIENCE,
                () -> worker(worker).path("state").asText().equals(state));
    }

    private static void assertSame(Heard undisturbed, Heard moved) {
        assertEquals(undisturbed.reasoning(), moved.reasoning());
        assertEquals(undisturbed.text(), moved.text());
        assertEquals(undisturbed.arguments(), moved.arguments());
        assertEquals(undisturbed.finish(), moved.finish());
        for (String count : List.of("prompt_tokens", "completion_tokens", "total_tokens")) {
            assertEquals(undisturbed.usage().path(count), moved.usage().path(count), count);
        }
    }

    private static Heard killedMeanwhile(ObjectNode request) throws Exception {
        int before = moves();
        Heard heard = stream(request, HEARD, () -> servers.stream()
                .filter(server -> server.alive() && server.requests() > 0)
                .findFirst()
                .orElseThrow()
                .kill());
        assertEquals(before + 1, moves(), "turns that were moved after their first token");
        return heard;
    }

    private static int moves() throws IOException {
        return Files.readString(folder.resolve("data/logs/node.log")).split("after its first token", -1).length;
    }

    /** Reads a stream to its end, and does something after a number of its chunks. */
    private static Heard stream(ObjectNode body, int chunks, Runnable then) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(node.baseUrl() + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build();
        String turn = "";
        StringBuilder reasoning = new StringBuilder();
        StringBuilder text = new StringBuilder();
        StringBuilder arguments = new StringBuilder();
        String callId = "";
        String finish = "";
        JsonNode usage = JSON.createObjectNode();
        boolean done = false;
        int heard = 0;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                HttpClient.newHttpClient()
                        .send(request, HttpResponse.BodyHandlers.ofInputStream())
                        .body(),
                StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                done = line.equals("data: [DONE]") || done;
                if (!line.startsWith("data: {")) {
                    continue;
                }
                JsonNode chunk = JSON.readTree(line.substring("data: ".length()));
                assertTrue(chunk.path("error").isMissingNode(), line);
                turn = chunk.path("id").asText().substring("chatcmpl-".length());
                JsonNode choice = chunk.path("choices").path(0);
                JsonNode call = choice.at("/delta/tool_calls/0");
                reasoning.append(choice.at("/delta/reasoning_content").asText(""));
                text.append(choice.at("/delta/content").asText(""));
                arguments.append(call.at("/function/arguments").asText(""));
                callId += call.path("id").asText("");
                finish += choice.path("finish_reason").asText("");
                usage = chunk.path("usage").isObject() ? chunk.path("usage") : usage;
                if (++heard == chunks) {
                    then.run();
                }
            }
        }
        assertTrue(done, "the stream has no end");
        return new Heard(
                new TurnId(turn), reasoning.toString(), text.toString(), callId, arguments.toString(), finish, usage);
    }

    /** Of a harness with one tool. No space is drawn: a text that ends in one could not be gone on with. */
    private static ObjectNode request() {
        ObjectNode request = JSON.createObjectNode().put("model", "tiny").put("stream", true);
        request.putObject("stream_options").put("include_usage", true);
        request.putObject("logit_bias").put("32", -100);
        request.putArray("messages").addObject().put("role", "user").put("content", "List the files.");
        ObjectNode parameters = request.putArray("tools")
                .addObject()
                .put("type", "function")
                .putObject("function")
                .put("name", "bash")
                .putObject("parameters")
                .put("type", "object");
        parameters.putArray("required").add("command");
        parameters
                .putObject("properties")
                .putObject("command")
                .put("type", "string")
                .putArray("enum")
                .add(command());
        return request;
    }

    private static String command() {
        return "tar cf all.tar " + "the-names-of-a-great-many-files ".repeat(100);
    }

    private static JsonNode worker(String url) {
        for (JsonNode worker : node.get("/v1/workers").path("data")) {
            if (worker.path("id").asText().equals(url)) {
                return worker;
            }
        }
        return JSON.createObjectNode();
    }
}
