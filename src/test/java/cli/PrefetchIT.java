package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;
import testkit.OperatorView;
import testkit.SimProcess;
import testkit.ToolSession;

/** What moves between an engine's tiers while its session is away, on real processes. */
class PrefetchIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BLOCKS = 1000;

    @TempDir
    Path directory;

    @Test
    void whatTheHostKeepsIsFetchedWhenTheSessionIsExpectedAndWhenItSaysThatItComes() throws Exception {
        Path config = directory.resolve("prefetch.conf");
        try (SimProcess engine = SimProcess.start("--blocks", "" + BLOCKS, "--host-blocks", "" + 1000 * BLOCKS)) {
            // Holds may take 900 blocks of the host and none of the device.
            Files.writeString(
                    config,
                    SimProcess.setting(engine)
                            + """
                            holdfast {
                              workers.holds.budget-share = 0.0009
                              agents.retention { prefetch-quantile = 0.25, gap-median = 300s, system-lease = 0s }
                            }
                            """);
            try (NodeProcess node = NodeProcess.start(
                    directory.resolve("data"), NodeProcess.freePort(), "--config", config.toString())) {
                ToolSession session = new ToolSession(ToolSession.text("away", 400 * 16), "go", 2);
                session.turn(node);
                OperatorView.awaitHeld(node, 1);

                double whole = evicted(engine, node, session);
                tell(node, "stall", 3.0);
                fetched(node, session, whole);

                evicted(engine, node, session);
                tell(node, "resume", null);
                fetched(node, session, whole);
                assertEquals(0, session.turn(node).computedAgain());
            }
        }
    }

    @Test
    void whoIsAwayForLongIsHeldInTheHostAndFindsEverythingThere() throws Exception {
        Path config = directory.resolve("demote.conf");
        // Holds may take 500 blocks of each tier: less than two such contexts.
        try (SimProcess engine = SimProcess.start("--blocks", "" + BLOCKS, "--host-blocks", "" + BLOCKS)) {
            Files.writeString(
                    config,
                    SimProcess.setting(engine)
                            + """
                            holdfast.agents.retention {
                              reload-worth = 1s, min-lease = 1s, gap-median = 300s, system-lease = 0s
                            }
                            """);
            try (NodeProcess node = NodeProcess.start(
                    directory.resolve("data"), NodeProcess.freePort(), "--config", config.toString())) {
                ToolSession session = new ToolSession(ToolSession.text("away", 400 * 16), "go", 2);
                session.turn(node);
                OperatorView.awaitHeld(node, 1);
                NodeProcess.await("the host holds it", PATIENCE, () -> held(node, "HOST") >= 400);
                assertEquals(0, held(node, "DEVICE"));
                OperatorView.awaitHeld(node, 1);

                engine.flood(BLOCKS);
                assertEquals(0, session.turn(node).computedAgain());
            }
        }
    }

    private static int held(NodeProcess node, String tier) {
        return node.get("/v1/workers")
                .get("data")
                .get(0)
                .get("holds")
                .get("tiers")
                .path(tier)
                .path("blocks")
                .asInt();
    }

    /** Answers what it would take to load it all. */
    private static double evicted(SimProcess engine, NodeProcess node, ToolSession session) {
        engine.flood(BLOCKS);
        NodeProcess.await("it is in the host", PATIENCE, () -> loadMillis(node, session) > 50);
        return loadMillis(node, session);
    }

    /** All but the blocks of the answer, which the lease does not keep. */
    private static void fetched(NodeProcess node, ToolSession session, double whole) {
        NodeProcess.await("it is on the device", PATIENCE, () -> loadMillis(node, session) < whole / 20);
    }

    private static void tell(NodeProcess node, String what, @Nullable Double expectedSeconds) {
        String id = node.get("/v1/sessions").get("data").get(0).get("id").asText();
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        if (expectedSeconds != null) {
            body.put("expected_seconds", expectedSeconds);
        }
        node.post("/v1/sessions/" + id + "/" + what, body);
    }

    /** What loading the next turn's prompt from a colder tier would take. */
    private static double loadMillis(NodeProcess node, ToolSession session) {
        return node.post("/v1/explain", session.request())
                .get("workers")
                .get(0)
                .get("terms")
                .get("loadMillis")
                .asDouble();
    }
}
