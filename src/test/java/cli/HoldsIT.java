package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;
import testkit.OperatorView;
import testkit.SimProcess;
import testkit.ToolSession;

/** What a worker and its engine hold, on real processes. */
class HoldsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BLOCK = 16;

    @TempDir
    Path directory;

    private NodeProcess start(String settings) throws IOException {
        Path config = directory.resolve("holds.conf");
        Files.writeString(config, settings);
        return NodeProcess.start(directory.resolve("data"), NodeProcess.freePort(), "--config", config.toString());
    }

    @Test
    void r1AHoldOutlivesEveryPeerOfItsEngineAndEndsAtItsDeadlineAllTheSame() throws Exception {
        int blocks = 1000;
        ToolSession session = new ToolSession(ToolSession.text("r1", 400 * BLOCK), "go", 2);
        try (SimProcess engine = SimProcess.start("--blocks", "" + blocks)) {
            try (NodeProcess node = start(
                    SimProcess.setting(engine)
                            + "holdfast.agents.retention { min-lease = 10s, max-lease = 10s, gap-median = 60s, system-lease = 0s }")) {
                session.turn(node);
                OperatorView.awaitHeld(node, 1);
                node.killHard();
            }

            engine.flood(blocks);
            assertEquals(0, session.at(engine).computedAgain(), "it is held although nobody is left to say so");

            NodeProcess.await("the hold has ended", PATIENCE, () -> {
                engine.flood(blocks);
                return session.at(engine).computedAgain() > 0;
            });
        }
    }

    @Test
    void r6ATurnThatNeedsTheRoomIsServedAndTheLeastDenseHoldsYieldAndSayWhy() throws Exception {
        int blocks = 2000;
        try (NodeProcess node = start(
                """
                holdfast {
                  cluster.engines { count = 1, blocks = %d }
                  workers.holds.budget-share = 0.9
                  agents.retention { gap-median = 60s, system-lease = 0s }
                }
                """
                        .formatted(blocks))) {
            // Those used last are worth least.
            for (int i = 0; i < 4; i++) {
                new ToolSession(ToolSession.text("r6-" + i, 400 * BLOCK), "go", 2)
                        .named("session-" + i, i < 2 ? 10 : -10)
                        .turn(node);
            }
            OperatorView.awaitHeld(node, 4);

            // Holds and this turn do not fit: two of the four must yield.
            ToolSession.Prompt big = new ToolSession(ToolSession.text("big", 1100 * BLOCK), "go", 2).turn(node);

            assertTrue(big.tokens() > 1100 * BLOCK, big::toString);
            NodeProcess.await(
                    "what yielded is told", PATIENCE, () -> yielded(node).size() >= 2);
            assertEquals(Set.of("session-2", "session-3"), yielded(node));
        }
    }

    /** Sessions whose leases ended because a running turn needed their room. */
    private static Set<String> yielded(NodeProcess node) {
        return OperatorView.leases(node, "REVOKED").stream()
                .filter(lease -> OperatorView.any(lease, "HOLD", "observed", "REVOKED_UNDER_PRESSURE"))
                .map(lease -> lease.get("session").asText())
                .collect(Collectors.toSet());
    }

    @Test
    void r7OfAnEngineThatWasStartedAnewNothingIsClaimedAndNothingIsExpected() throws Exception {
        try (NodeProcess node = start(
                """
                holdfast {
                  cluster.engines.count = 1
                  agents.retention { gap-median = 60s, system-lease = 0s }
                  # What is lost shall stay lost: repairs would hide it.
                  router.leases.max-warming = 0
                }
                """)) {
            ToolSession session = new ToolSession(ToolSession.text("r7", 400 * BLOCK), "go", 2);
            session.turn(node);
            OperatorView.awaitHeld(node, 1);
            JsonNode before = worker(node);
            assertTrue(expectedBlocks(node, session) >= 400);

            node.engines().get(0).destroyForcibly();
            NodeProcess.await(
                    "the engine's next life is seen",
                    PATIENCE,
                    () -> !worker(node).get("incarnation").equals(before.get("incarnation"))
                            && worker(node).get("state").asText().equals("READY"));

            JsonNode after = worker(node);
            assertEquals(before.get("id"), after.get("id"), "it is the same worker");
            assertEquals(0, after.get("holds").get("count").asInt());
            assertEquals(0, expectedBlocks(node, session));
            NodeProcess.await("the lease names what is lost", PATIENCE, () -> {
                List<JsonNode> degraded = OperatorView.leases(node, "DEGRADED");
                return degraded.size() == 1
                        && degraded.get(0).get("copies").asInt() == 0
                        && OperatorView.any(degraded.get(0), "HOLD", "reason", "NOT_RESIDENT")
                        && degraded.get(0).get("lost").get(0).get("from").asInt() == 0
                        && degraded.get(0)
                                .get("lost")
                                .get(0)
                                .get("to")
                                .equals(degraded.get(0).get("prefixBlocks"));
            });
            assertNotEquals(0, session.turn(node).computedAgain());
        }
    }

    private static JsonNode worker(NodeProcess node) {
        return node.get("/v1/workers").get("data").get(0);
    }

    /** Blocks of the next turn's prompt that placement counts on. */
    private static int expectedBlocks(NodeProcess node, ToolSession session) {
        return node.post("/v1/explain", session.request())
                .get("workers")
                .get(0)
                .get("overlapBlocks")
                .asInt();
    }
}
