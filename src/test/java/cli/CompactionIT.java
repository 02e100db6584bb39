package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;

/** A coding agent compacts its history, against a real node with a simulated engine. */
class CompactionIT {
    private static final int BLOCK = 16;
    /** Longer than any step needs. */
    private static final Duration SOON = Duration.ofSeconds(10);
    /** Keepers look at their leases once, at their start: what is let go then is let go by the turn that shows it. */
    private static final String TICK = "10m";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String SYSTEM = text("You are a careful coding agent. ", 20_000);

    @TempDir
    Path directory;

    private record Said(String role, String text) {}

    @Test
    void r5CompactionLetsTheDeadBlocksGoWithinOneTickAndKeepsTheSystemPrompt() throws Exception {
        Path config = directory.resolve("holds.conf");
        Files.writeString(
                config, "holdfast { workers.holds.budget-share = 0.9, router.leases.tick = %s }".formatted(TICK));
        try (NodeProcess node = NodeProcess.start(
                directory.resolve("data"),
                NodeProcess.freePort(),
                "--workers",
                "1",
                "--blocks-per-worker",
                "20000",
                "--config",
                config.toString())) {
            List<Said> history = begun(text("a long story of what was tried before; ", 150_000));
            JsonNode first = turn(node, "coder", history);
            history.add(new Said("tool", text("a result; ", 5_000)));
            JsonNode second = turn(node, "coder", history);
            assertTrue(second.get("prompt_tokens").asInt() > 175_000, second::toString);
            assertTrue(cached(second) > first.get("prompt_tokens").asInt() - 2 * BLOCK, second::toString);
            NodeProcess.await("the whole context is held", SOON, () -> heldBlocks(node) * BLOCK > 175_000);
            String deadLease = open(node).get(0).get("id").asText();

            List<Said> compacted = begun(text("a summary of it; ", 18_000));
            turn(node, "coder", compacted);
            compacted.add(new Said("tool", text("a result; ", 2_000)));
            JsonNode after = turn(node, "coder", compacted);
            int tokens = after.get("prompt_tokens").asInt();
            assertTrue(tokens > 40_000 && tokens < 45_000, after::toString);

            NodeProcess.await(
                    "the dead blocks are let go before any tick", SOON, () -> heldBlocks(node) * BLOCK < 45_000);
            JsonNode session = node.get("/v1/sessions/coder");
            assertFalse(session.get("lineage").get(0).get("live").asBoolean());
            assertTrue(session.get("lineage").get(1).get("live").asBoolean());
            assertTrue(open(node).stream()
                    .noneMatch(lease -> lease.get("id").asText().equals(deadLease)));
            assertTrue(heldBlocks(node) * BLOCK > SYSTEM.length(), "the shared beginning is held");

            // What others need now takes the dead blocks' room, not the living ones'.
            turn(node, "stranger-1", List.of(new Said("user", text("something else; ", 140_000))));
            turn(node, "stranger-2", List.of(new Said("user", text("quite different; ", 140_000))));
            compacted.add(new Said("tool", "done"));
            JsonNode last = turn(node, "coder", compacted);
            assertTrue(cached(last) > tokens - 2 * BLOCK, last::toString);
        }
    }

    private static List<Said> begun(String story) {
        String calls = "{\"call\":\"read\",\"args\":{}},".repeat(5);
        return new ArrayList<>(List.of(
                new Said("system", SYSTEM), new Said("user", story + "[sim][" + calls + "{\"text\":\"done\"}][/sim]")));
    }

    private static String text(String words, int length) {
        return words.repeat(length / words.length() + 1).substring(0, length);
    }

    /** Blocks that the only worker holds. */
    private static int heldBlocks(NodeProcess node) {
        return node.get("/v1/workers")
                .get("data")
                .get(0)
                .get("holds")
                .get("blocks")
                .asInt();
    }

    private static List<JsonNode> open(NodeProcess node) {
        List<JsonNode> open = new ArrayList<>();
        node.get("/v1/leases?session=coder").get("data").forEach(lease -> {
            if (lease.get("reason").isNull()) {
                open.add(lease);
            }
        });
        return open;
    }

    private static int cached(JsonNode usage) {
        return usage.get("prompt_tokens_details").get("cached_tokens").asInt();
    }

    /** Runs a turn and answers its usage. */
    private static JsonNode turn(NodeProcess node, String session, List<Said> conversation) throws Exception {
        ObjectNode body =
                JsonNodeFactory.instance.objectNode().put("model", "sim-echo").put("max_tokens", 100);
        body.putArray("tools")
                .addObject()
                .put("type", "function")
                .putObject("function")
                .put("name", "read")
                .put("description", "Reads a file.")
                .putObject("parameters")
                .put("type", "object");
        ArrayNode messages = body.putArray("messages");
        for (Said said : conversation) {
            if (said.role().equals("tool")) {
                call(messages);
            }
            ObjectNode message = messages.addObject().put("role", said.role()).put("content", said.text());
            if (said.role().equals("tool")) {
                message.put("tool_call_id", "call-1");
            }
        }
        HttpResponse<String> response = HTTP.send(
                HttpRequest.newBuilder(URI.create(node.baseUrl() + "/v1/chat/completions"))
                        .header("content-type", "application/json")
                        .header("x-holdfast-session-id", session)
                        .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, response.statusCode(), response.body());
        return JSON.readTree(response.body()).get("usage");
    }

    /** The assistant's call that every tool result answers. */
    private static void call(ArrayNode messages) {
        messages.addObject()
                .put("role", "assistant")
                .putArray("tool_calls")
                .addObject()
                .put("id", "call-1")
                .put("type", "function")
                .putObject("function")
                .put("name", "read")
                .put("arguments", "{}");
    }
}
