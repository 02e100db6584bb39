package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;
import testkit.OperatorView;
import testkit.SimProcess;
import testkit.ToolSession;

/** What a client marks with {@code cache_control} is a lease, and nothing else is kept here. */
class CacheMarksIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int BLOCK = 16;
    private static final int BLOCKS = 1_000;
    private static final int CONTEXT = 400 * BLOCK;

    @TempDir
    Path directory;

    @Test
    void aMarkedBlockIsHeldForItsTimeWhileOthersFillTheCacheTwice() throws Exception {
        try (SimProcess engine = SimProcess.start("--blocks", "" + BLOCKS);
                NodeProcess node = start(engine)) {
            read(node, "unmarked", false);
            assertEquals(0, read(node, "marked", true));
            OperatorView.awaitHeld(node, 1);
            JsonNode lease = OperatorView.leases(node, "HELD").get(0);
            double remaining = lease.get("remainingSeconds").asDouble();
            assertTrue(remaining > 3_000 && remaining <= 3_600, lease::toPrettyString);
            assertTrue(OperatorView.any(lease, "HOLD", "acknowledged", "ACCEPTED"), lease::toPrettyString);

            engine.flood(BLOCKS);

            int kept = read(node, "marked", true);
            assertTrue(kept >= CONTEXT, "read from the cache: " + kept);
            int gone = read(node, "unmarked", false);
            assertTrue(gone < CONTEXT / 2, "read from the cache: " + gone);
        }
    }

    private NodeProcess start(SimProcess engine) throws Exception {
        Path config = directory.resolve("marks.conf");
        Files.writeString(
                config,
                SimProcess.setting(engine) + "holdfast.agents.retention { policy = none, system-lease = 0s }\n");
        return NodeProcess.start(directory.resolve("data"), NodeProcess.freePort(), "--config", config.toString());
    }

    /** Asks about a long text and tells how many tokens of the prompt were in the cache. */
    private static int read(NodeProcess node, String name, boolean marked) {
        ObjectNode body = JSON.createObjectNode().put("model", "sim-echo").put("max_tokens", 16);
        ArrayNode content =
                body.putArray("messages").addObject().put("role", "user").putArray("content");
        ObjectNode text = content.addObject().put("type", "text").put("text", ToolSession.text(name, CONTEXT));
        if (marked) {
            text.putObject("cache_control").put("type", "ephemeral").put("ttl", "1h");
        }
        content.addObject().put("type", "text").put("text", "What does it say?");
        JsonNode answer = node.post("/v1/messages", body);
        return answer.at("/usage/cache_read_input_tokens").asInt();
    }
}
