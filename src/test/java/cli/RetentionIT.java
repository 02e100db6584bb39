package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;
import testkit.OperatorView;
import testkit.SimProcess;
import testkit.ToolSession;

/** The rules of retention on a running cluster, its processes killed for real. */
class RetentionIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int CONTEXT = 6_000;
    /** Tokens that engines computed to replace copies. */
    private static final String REPAIRED = "holdfast_worker_warm_tokens_total{why=\"repair\"}";

    @TempDir
    Path directory;

    private NodeProcess start(int workers, String settings) throws IOException {
        return start("holdfast.cluster.engines.count = " + workers + "\n" + settings);
    }

    private NodeProcess start(String settings) throws IOException {
        Path config = directory.resolve("retention.conf");
        // One lease a session: these say nothing of system prompts, whose leases come on top.
        Files.writeString(config, "holdfast.agents.retention { gap-median = 60s, system-lease = 0s }\n" + settings);
        return NodeProcess.start(directory.resolve("data"), NodeProcess.freePort(), "--config", config.toString());
    }

    @Test
    void r4AKilledHolderLeavesTheNextTurnItsPrefixOnTheOther() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try (NodeProcess node = start(2, "holdfast.agents.retention.min-copies = 2")) {
            List<ToolSession> sessions = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                sessions.add(new ToolSession(ToolSession.text("r4-" + i, CONTEXT), "go", 2));
            }
            // At once, so that they do not all run on one worker.
            sessions.stream()
                    .map(session -> CompletableFuture.supplyAsync(() -> session.turn(node), threads))
                    .toList()
                    .forEach(CompletableFuture::join);
            OperatorView.awaitHeld(node, 6);
            assertEquals(
                    2,
                    OperatorView.leases(node, "HELD").stream()
                            .flatMap(lease -> warmedAt(lease).stream())
                            .distinct()
                            .count(),
                    "each worker has served some, so that either's death matters");

            node.engines().get(0).destroyForcibly();

            for (ToolSession session : sessions) {
                ToolSession.Prompt next = session.turn(node);
                assertEquals(0, next.computedAgain(), next::toString);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void r8AfterARestartOfEverythingEveryLeaseIsBackBeforeItsSessionsNextTurn() throws Exception {
        List<ToolSession> sessions = new ArrayList<>();
        Set<String> before;
        try (NodeProcess node = start(2, "")) {
            for (int i = 0; i < 5; i++) {
                ToolSession session = new ToolSession(ToolSession.text("r8-" + i, CONTEXT), "go", 2);
                session.turn(node);
                sessions.add(session);
            }
            OperatorView.awaitHeld(node, 5);
            before = OperatorView.open(node);
            node.killHard();
        }
        try (NodeProcess node = start(2, "holdfast.router.leases.worker-grace = 1s")) {
            assertEquals(before, OperatorView.open(node));
            // The engines are new, too: what they held is computed again, but not by the session's next turn.
            NodeProcess.await(
                    "every lease is held by a worker that computed it",
                    PATIENCE,
                    () -> OperatorView.leases(node, "HELD").stream()
                                    .filter(lease -> !warmedAt(lease).isEmpty())
                                    .count()
                            == 5);
            for (ToolSession session : sessions) {
                assertEquals(0, session.turn(node).computedAgain());
            }
        }
    }

    @Test
    void r8ARestartedNodeAssertsItsLeasesAnewOnEnginesThatLivedOn() throws Exception {
        int number = 6;
        List<ToolSession> sessions = new ArrayList<>();
        try (SimProcess one = SimProcess.start("--blocks", "2000");
                SimProcess other = SimProcess.start("--blocks", "2000")) {
            String engines = SimProcess.setting(one, other);
            Set<String> before;
            try (NodeProcess node = start(engines)) {
                for (int i = 0; i < number; i++) {
                    ToolSession session = new ToolSession(ToolSession.text("asserted-" + i, CONTEXT / 4), "go", 3);
                    session.turn(node);
                    sessions.add(session);
                }
                OperatorView.awaitHeld(node, number);
                before = OperatorView.open(node);
                node.killHard();
            }
            try (NodeProcess node = start(engines)) {
                assertEquals(before, OperatorView.open(node));
                assertEquals(0, sessions.get(0).turn(node).computedAgain(), "the first turn after the restart");
                NodeProcess.await("every hold is there again", PATIENCE, () -> OperatorView.holds(node) == number);
                one.flood(2000);
                other.flood(2000);
                for (ToolSession session : sessions) {
                    assertEquals(0, session.turn(node).computedAgain());
                }
            }
        }
    }

    /** Workers that computed a lease's prefix because they were asked to. */
    private static List<String> warmedAt(JsonNode lease) {
        List<String> workers = new ArrayList<>();
        for (JsonNode step : lease.get("workers")) {
            if (step.get("requested").asText().equals("WARM")
                    && step.get("acknowledged").asText().equals("ACCEPTED")) {
                workers.add(step.get("worker").asText());
            }
        }
        return workers;
    }

    @Test
    void drainingEveryWorkerInTurnUnderLoadCostsTurnsAlmostNothingAndR2NoBudgetIsExceeded() throws Exception {
        int sessions = 12;
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger computedAgain = new AtomicInteger();
        AtomicInteger turns = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(sessions);
        try (NodeProcess node = start(3, "holdfast.agents.retention.min-lease = 20s")) {
            List<CompletableFuture<Void>> agents = new ArrayList<>();
            for (int i = 0; i < sessions; i++) {
                ToolSession session = new ToolSession(ToolSession.text("drain-" + i, CONTEXT), "go", 100);
                session.turn(node);
                agents.add(CompletableFuture.runAsync(
                        () -> {
                            while (!over.get()) {
                                toolRuns();
                                computedAgain.addAndGet(session.turn(node).computedAgain());
                                turns.incrementAndGet();
                            }
                        },
                        threads));
            }
            NodeProcess.await("sessions are kept on every worker", PATIENCE, () -> {
                boolean every = true;
                for (JsonNode worker : node.get("/v1/workers").get("data")) {
                    every &= worker.get("holds").get("blocks").asInt() > 0;
                }
                return every;
            });
            int resident = 0;
            double warmedBefore = node.metric(REPAIRED);
            for (JsonNode worker : node.get("/v1/workers").get("data")) {
                String id = worker.get("id").asText();
                resident += drain(node, id);
            }
            over.set(true);
            CompletableFuture.allOf(agents.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);

            assertTrue(turns.get() >= sessions, () -> "no load: " + turns);
            int all = resident;
            assertTrue(all > sessions * CONTEXT / 3, () -> "too little was drained to tell: " + all);
            double warmed = node.metric(REPAIRED) - warmedBefore;
            assertTrue(
                    computedAgain.get() + warmed <= 0.05 * all,
                    () -> computedAgain + " of " + all + " resident tokens were computed again in " + turns + " turns, "
                            + warmed + " by the evacuation");
        } finally {
            threads.shutdownNow();
        }
    }

    /** The load's pace, nothing waits for it: a session is back before its lease can have moved. */
    private static void toolRuns() {
        try {
            TimeUnit.MILLISECONDS.sleep(300);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Drains a worker and takes it back; answers how many tokens it held. */
    private static int drain(NodeProcess node, String id) {
        String path = "/v1/workers/" + URLEncoder.encode(id, StandardCharsets.UTF_8) + "/drain";
        JsonNode nothing = JsonNodeFactory.instance.objectNode();
        int held = checkBudgets(node, id);
        NodeProcess.await("worker " + id + " is drained", PATIENCE, () -> {
            checkBudgets(node, id);
            return node.post(path, nothing).get("drained").asBoolean();
        });
        JsonNode done = node.post(path, nothing);
        assertEquals(0, done.get("stuckLeases").asInt(), done::toString);
        node.delete(path);
        return held * 16;
    }

    /** R2 as operators see it; answers the blocks that one worker holds. */
    private static int checkBudgets(NodeProcess node, String id) {
        int held = 0;
        for (JsonNode worker : node.get("/v1/workers").get("data")) {
            int blocks = worker.get("holds").get("blocks").asInt();
            int total = worker.get("blocks").get("DEVICE").get("total").asInt();
            assertTrue(blocks <= total / 2, () -> "R2: " + worker);
            held = worker.get("id").asText().equals(id) ? blocks : held;
        }
        return held;
    }
}
