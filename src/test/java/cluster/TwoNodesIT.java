package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;
import testkit.OperatorView;
import testkit.SimProcess;
import testkit.ToolSession;

/** Two nodes in processes of their own share a store and two engines; one dies, or stands still for too long. */
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class TwoNodesIT {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int BLOCKS = 4000;
    private static final int SESSIONS = 12;
    /** {@code holdfast.router.leases.partitions}. */
    private static final int KEEPERS = 16;

    private static final Pattern EPOCH = Pattern.compile("leases of partition (\\d+): epoch (\\d+), (\\d+) open");
    private static final String SETTINGS =
            """
            akka {
              # As in production, only sooner.
              cluster {
                seed-node-timeout = 1s
                failure-detector.acceptable-heartbeat-pause = 2s
                split-brain-resolver { stable-after = 1s, lease-majority.acquire-lease-delay-for-minority = 1s }
                sharding {
                  rebalance-interval = 1s
                  # A new node gets its half of the keepers at once.
                  least-shard-allocation-strategy { rebalance-absolute-limit = 64, rebalance-relative-limit = 1.0 }
                }
              }
              coordination.lease.survivors { heartbeat-interval = 1s, heartbeat-timeout = 3s }
            }
            holdfast {
              router.timing = fast
              agents.retention { gap-median = 60s, system-lease = 0s }
            }
            """;

    @TempDir
    Path directory;

    @Test
    void r3AndR8LeasesOutliveTheNodeOfTheirKeeperAndAKeeperOfThePastChangesNothing() throws Exception {
        int first = NodeProcess.freePort();
        try (RealStore store = RealStore.in(Files.createDirectory(directory.resolve("store")));
                SimProcess one = SimProcess.start("--blocks", "" + BLOCKS);
                SimProcess other = SimProcess.start("--blocks", "" + BLOCKS);
                NodeProcess stays = member(store, first, first, one, other)) {
            int second = NodeProcess.freePort();
            List<ToolSession> sessions;
            try (NodeProcess dies = member(store, second, first, one, other)) {
                awaitKeepersAt(dies, stays);
                sessions = sessions(stays, dies);
                OperatorView.awaitHeld(stays, SESSIONS);
                Set<String> before = OperatorView.open(stays);
                Map<Integer, Life> moving = livesAt(dies, stays);

                dies.killHard();

                assertTakenOver(stays, moving);
                assertEquals(before, OperatorView.open(stays));
                turnsFindEverything(stays, sessions, one, other);
            }
            try (NodeProcess pauses = member(store, second, first, one, other)) {
                awaitKeepersAt(pauses, stays);
                OperatorView.awaitHeld(stays, SESSIONS);
                Set<String> before = OperatorView.open(stays);
                Map<Integer, Life> moving = livesAt(pauses, stays);

                pauses.pause();
                assertTakenOver(stays, moving);
                Map<Integer, Life> after = lives(stays);
                pauses.goOn();

                NodeProcess.await("it notices that it is out", PATIENCE, () -> !pauses.isAlive());
                assertEquals(before, OperatorView.open(stays));
                assertEquals(after, lives(stays), "its keepers live on undisturbed");
                turnsFindEverything(stays, sessions, one, other);
            }
        }
    }

    @Test
    void whicheverOfTwoNodesDiesOrStandsStillTheOtherGoesOn() throws Exception {
        int first = NodeProcess.freePort();
        int second = NodeProcess.freePort();
        try (RealStore store = RealStore.in(Files.createDirectory(directory.resolve("store")));
                SimProcess one = SimProcess.start("--blocks", "" + BLOCKS);
                SimProcess other = SimProcess.start("--blocks", "" + BLOCKS);
                NodeProcess oldest = member(store, first, first, one, other);
                NodeProcess middle = member(store, second, first, one, other)) {
            awaitKeepersAt(middle, oldest);
            List<ToolSession> sessions = sessions(oldest, middle);

            goesOn(middle, sessions, oldest, oldest::killHard, one, other);
            try (NodeProcess youngest = member(store, first, second, one, other)) {
                awaitKeepersAt(youngest, middle);
                goesOn(
                        youngest,
                        sessions,
                        middle,
                        () -> {
                            // The store is away when the other one asks for the lease.
                            store.pause();
                            middle.killHard();
                            NodeProcess.await("it asks in vain", PATIENCE, () -> youngest.output()
                                    .contains("asking for the survivor lease again"));
                            store.goOn();
                        },
                        one,
                        other);
                try (NodeProcess last = member(store, second, first, one, other)) {
                    awaitKeepersAt(last, youngest);
                    goesOn(last, sessions, youngest, youngest::pause, one, other);
                    youngest.goOn();
                    NodeProcess.await("it notices that it is out", PATIENCE, () -> !youngest.isAlive());

                    StoreClient.execute(
                            store.connection(), "UPDATE survivor_lease SET owner = 'another part', side = '{}'");
                    NodeProcess.await("it ends for the other part", PATIENCE, () -> !last.isAlive());
                }
            }
        }
    }

    /** What ends a node, or lets it stand still. */
    private interface Misfortune {
        void befall() throws Exception;
    }

    private static void goesOn(
            NodeProcess node,
            List<ToolSession> sessions,
            NodeProcess lost,
            Misfortune misfortune,
            SimProcess one,
            SimProcess other)
            throws Exception {
        OperatorView.awaitHeld(node, SESSIONS);
        Set<String> before = OperatorView.open(node);
        Map<Integer, Life> moving = livesAt(lost, node);

        misfortune.befall();

        assertTakenOver(node, moving);
        assertEquals(before, OperatorView.open(node));
        turnsFindEverything(node, sessions, one, other);
    }

    private static List<ToolSession> sessions(NodeProcess one, NodeProcess other) {
        List<ToolSession> sessions = new ArrayList<>();
        for (int i = 0; i < SESSIONS; i++) {
            ToolSession session = new ToolSession(ToolSession.text("two-" + i, 1_500), "go", 4);
            session.turn(i % 2 == 0 ? one : other);
            sessions.add(session);
        }
        return sessions;
    }

    /** One life of a keeper. */
    private record Life(int epoch, int openLeases) {}

    private NodeProcess member(RealStore store, int port, int seed, SimProcess... engines) throws IOException {
        return MemberNode.launch(directory, store, port, seed, SETTINGS + SimProcess.setting(engines));
    }

    /** The last life of each keeper that a node has run. */
    private static Map<Integer, Life> lives(NodeProcess node) {
        Map<Integer, Life> lives = new TreeMap<>();
        Matcher line = EPOCH.matcher(node.output());
        while (line.find()) {
            lives.put(
                    Integer.parseInt(line.group(1)),
                    new Life(Integer.parseInt(line.group(2)), Integer.parseInt(line.group(3))));
        }
        return lives;
    }

    /** Keepers that live at one node now. */
    private static Map<Integer, Life> livesAt(NodeProcess node, NodeProcess other) {
        Map<Integer, Life> lives = lives(node);
        lives(other).forEach((keeper, life) -> {
            Life here = lives.get(keeper);
            if (here != null && here.epoch() < life.epoch()) {
                lives.remove(keeper);
            }
        });
        return lives;
    }

    private static void awaitKeepersAt(NodeProcess node, NodeProcess other) {
        // Half of them: then no more are given away.
        NodeProcess.await(
                "half of the keepers live at the new node",
                PATIENCE,
                () -> livesAt(node, other).size() == KEEPERS / 2);
    }

    /** Every keeper that lived elsewhere begins a new life here, under a later epoch; some of them have leases. */
    private static void assertTakenOver(NodeProcess node, Map<Integer, Life> moving) {
        NodeProcess.await("the keepers have moved", PATIENCE, () -> moving.entrySet().stream()
                .allMatch(life ->
                        lives(node).getOrDefault(life.getKey(), new Life(0, 0)).epoch()
                                > life.getValue().epoch()));
        int open = lives(node).entrySet().stream()
                .filter(life -> moving.containsKey(life.getKey()))
                .mapToInt(life -> life.getValue().openLeases())
                .sum();
        assertTrue(open > 0, "no lease has moved: nothing is shown");
    }

    /** What is not held is driven out first. */
    private static void turnsFindEverything(
            NodeProcess node, List<ToolSession> sessions, SimProcess one, SimProcess other) {
        NodeProcess.await("every hold is there", PATIENCE, () -> OperatorView.holds(node) == SESSIONS);
        OperatorView.awaitHeld(node, SESSIONS);
        OperatorView.leases(node, "HELD")
                .forEach(lease ->
                        assertFalse(OperatorView.any(lease, "WARM", "acknowledged", "ACCEPTED"), "computed anew"));
        one.flood(BLOCKS);
        other.flood(BLOCKS);
        for (ToolSession session : sessions) {
            assertEquals(0, session.turn(node).computedAgain());
        }
    }
}
