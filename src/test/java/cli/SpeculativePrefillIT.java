package cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;

/**
 * A model that thinks before it calls a tool, and a harness that sends calls back without the thoughts: the engine's cache ends
 * where the answer began, unless the next prompt was guessed.
 */
class SpeculativePrefillIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BLOCK_TOKENS = 16;
    private static final int ARGUMENT_TOKENS = 600;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path dataDir;

    @Test
    void withTheHintTheNextTurnFindsTheAnswerAndItsCallCachedAndWithoutItDoesNot() throws Exception {
        try (NodeProcess node = NodeProcess.start(dataDir, NodeProcess.freePort(), "--workers", "2")) {
            ObjectNode plain = request();
            JsonNode unguessed = turn(node, plain);
            JsonNode cold = turn(node, plain);
            assertTrue(
                    cached(cold) <= unguessed.path("prompt_tokens").asInt(),
                    "without the hint only the first prompt is cached: " + cold);

            ObjectNode hinted = request();
            hinted.putObject("nvext").putObject("agent_hints").put("speculative_prefill", true);
            JsonNode first = turn(node, hinted);
            NodeProcess.await(
                    "the guess is computed and held",
                    PATIENCE,
                    () -> guess(node).path("state").asText().equals("HELD"));
            int guessed = guess(node).path("prefixBlocks").asInt() * BLOCK_TOKENS;
            assertTrue(
                    guessed > first.path("prompt_tokens").asInt() + ARGUMENT_TOKENS,
                    "the guess has the call: " + guessed);

            JsonNode warm = turn(node, hinted);

            assertTrue(cached(warm) >= guessed, guessed + " tokens were guessed: " + warm);
            NodeProcess.await(
                    "the guess is over with the turn that it was for",
                    PATIENCE,
                    () -> !guess(node).path("state").asText().equals("HELD"));
        }
    }

    /** Runs a turn, takes its answer without the thoughts into the history, and answers a call; its usage. */
    private static JsonNode turn(NodeProcess node, ObjectNode request) {
        JsonNode answer = node.post("/v1/chat/completions", request);
        JsonNode reply = answer.path("choices").path(0).path("message");
        ArrayNode messages = (ArrayNode) request.path("messages");
        ObjectNode bare = messages.addObject().put("role", "assistant");
        bare.set("content", reply.path("content"));
        for (JsonNode call : reply.path("tool_calls")) {
            bare.withArray("tool_calls").add(call);
            messages.addObject()
                    .put("role", "tool")
                    .put("tool_call_id", call.path("id").asText())
                    .put("content", "a.txt");
        }
        return answer.path("usage");
    }

    private static ObjectNode request() {
        ObjectNode request = JSON.createObjectNode().put("model", "sim-echo");
        ArrayNode messages = request.putArray("messages");
        messages.addObject().put("role", "system").put("content", UUID.randomUUID() + " Be patient. ".repeat(60));
        messages.addObject()
                .put("role", "user")
                .put(
                        "content",
                        "[sim][[{\"think\":\"%s\"},{\"call\":\"ls\",\"args\":{\"path\":\"%s\"}}],{\"text\":\"done\"}][/sim]"
                                .formatted("I should look. ".repeat(10), "x".repeat(ARGUMENT_TOKENS)));
        request.putArray("tools")
                .addObject()
                .put("type", "function")
                .putObject("function")
                .put("name", "ls")
                .putObject("parameters")
                .put("type", "object");
        return request;
    }

    private static int cached(JsonNode usage) {
        return usage.path("prompt_tokens_details").path("cached_tokens").asInt();
    }

    private static JsonNode guess(NodeProcess node) {
        for (JsonNode lease : node.get("/v1/leases").path("data")) {
            if (lease.path("retentionClass").asText().equals("SPECULATIVE")) {
                return lease;
            }
        }
        return JSON.createObjectNode();
    }
}
