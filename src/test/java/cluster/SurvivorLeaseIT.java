package cluster;

import static java.util.stream.Collectors.toUnmodifiableSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.coordination.lease.LeaseSettings;
import akka.coordination.lease.LeaseTimeoutException;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;

/** Sides that contend for one lease in a real store. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SurvivorLeaseIT {
    private static final Duration SHORT = Duration.ofSeconds(2);
    /** Longer than any test: who gets a lease of so long got it without waiting for its end. */
    private static final Duration LONG = Duration.ofHours(1);

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    Path temporary;

    private final List<Side> sides = new ArrayList<>();

    @AfterEach
    void stopAll() {
        sides.forEach(side -> side.lease.stop());
    }

    /** One node of a cluster that fell apart. */
    private static final class Side implements ClusterSide {
        final SurvivorLease lease;
        final CompletableFuture<Void> ended = new CompletableFuture<>();
        /** How often it looked around, which is before it asks or renews. */
        final AtomicInteger looks = new AtomicInteger();

        private final Set<String> owners;
        private volatile Set<String> lost = Set.of("somebody");
        private volatile boolean leads;

        Side(StoreConnection store, String owner, Duration validity, Duration patience, String... others) {
            owners = Stream.concat(Stream.of(owner), Stream.of(others)).collect(toUnmodifiableSet());
            LeaseSettings settings = LeaseSettings.apply(
                    ConfigFactory.parseString("heartbeat-interval = 500ms, heartbeat-timeout = " + validity.toMillis()
                            + "ms, lease-operation-timeout = " + patience.toMillis() + "ms"),
                    "survivors",
                    owner);
            lease = new SurvivorLease(settings, store, this);
        }

        @Override
        public Set<String> owners() {
            looks.incrementAndGet();
            return owners;
        }

        @Override
        public Set<String> outOfReach() {
            return lost;
        }

        @Override
        public boolean leads() {
            return leads;
        }

        @Override
        public void end() {
            ended.complete(null);
        }

        CompletableFuture<Boolean> ask() {
            return lease.acquire().toCompletableFuture();
        }
    }

    private Side side(RealStore store, String owner, Duration validity, String... others) {
        Side side = new Side(store.connection(), owner, validity, PATIENCE, others);
        sides.add(side);
        return side;
    }

    private static String owner(RealStore store) {
        return StoreClient.query(store.connection(), "SELECT owner FROM survivor_lease")
                .get(0);
    }

    @Test
    void oneSideGetsItAndAllOthersAreRefusedWhileItLives() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            for (int i = 0; i < 8; i++) {
                side(store, "node-" + i, LONG);
            }

            List<CompletableFuture<Boolean>> answers =
                    sides.stream().map(Side::ask).toList();

            List<Boolean> got = answers.stream().map(CompletableFuture::join).toList();
            assertEquals(1, got.stream().filter(had -> had).count());
            assertEquals("node-" + got.indexOf(true), owner(store));
            assertTrue(sides.get(got.indexOf(true)).ask().join(), "it may ask again");
            assertTrue(sides.stream().noneMatch(side -> side.ended.isDone()));
        }
    }

    @Test
    void aWholeClusterHoldsItUnaskedAndForGood() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side leader = side(store, "leader", LONG);
            leader.lost = Set.of();
            leader.leads = true;
            assertEquals("leader", Eventually.get(() -> owner(store)));

            assertTrue(leader.lease.release().toCompletableFuture().join());

            assertFalse(side(store, "awoken late", LONG).ask().join());
        }
    }

    @Test
    void aLeaderThatLosesSomebodyLetsItGoSoThatAllAskAlike() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side leader = side(store, "leader", LONG);
            leader.lost = Set.of();
            leader.leads = true;
            assertEquals("leader", Eventually.get(() -> owner(store)));

            leader.lost = Set.of("somebody");
            NodeProcess.await("it ends", PATIENCE, () -> StoreClient.query(
                            store.connection(), "SELECT expires_at <= clock_timestamp() FROM survivor_lease")
                    .get(0)
                    .equals("true"));

            assertTrue(side(store, "larger part", LONG).ask().join());
            assertFalse(leader.ask().join());
        }
    }

    @Test
    void afterADecisionItIsHeldUntilAnotherOneIsNeeded() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side holder = side(store, "holder", LONG);
            assertTrue(holder.ask().join());
            assertFalse(side(store, "late", LONG).ask().join());

            holder.lost = Set.of("somebody", "another");

            NodeProcess.await("it is let go", PATIENCE, () -> side(store, "larger part", LONG)
                    .ask()
                    .join());
            assertFalse(holder.ended.isDone());
        }
    }

    @Test
    void whatTheStoreHasNotHeardIsLetGoAgain() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side holder = side(store, "holder", LONG);
            assertTrue(holder.ask().join());

            store.pause();
            int looks = holder.looks.get();
            holder.lost = Set.of("somebody", "another");
            NodeProcess.await("it tried", PATIENCE, () -> holder.looks.get() >= looks + 3);
            store.goOn();

            NodeProcess.await("it is let go", PATIENCE, () -> side(store, "larger part", LONG)
                    .ask()
                    .join());
            assertFalse(holder.ended.isDone());
        }
    }

    @Test
    void aDeadHoldersLeaseIsTakenWhenTheStoresClockHasPassedItsEnd() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side first = side(store, "first", SHORT);
            assertTrue(first.ask().join());
            first.lease.stop();
            String end = StoreClient.query(store.connection(), "SELECT expires_at FROM survivor_lease")
                    .get(0);

            assertTrue(side(store, "second", SHORT).ask().join());

            assertEquals(
                    List.of("true"),
                    StoreClient.query(
                            store.connection(),
                            "SELECT expires_at - interval '2s' >= timestamptz '" + end + "' FROM survivor_lease"),
                    "taken before its end");
        }
    }

    @Test
    void anotherNodeOfTheHoldersSideTakesItOverAndBothGoOn() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side first = side(store, "first", LONG, "second");
            Side second = side(store, "second", LONG, "first");
            assertTrue(first.ask().join());

            assertTrue(second.ask().join());

            assertEquals("second", owner(store));
            // Only one that knows that it has it no longer takes it as a leader.
            first.lost = Set.of();
            first.leads = true;
            NodeProcess.await("it came back", PATIENCE, () -> owner(store).equals("first"));
            assertFalse(first.ended.isDone());
            assertFalse(second.ended.isDone());
        }
    }

    @Test
    void whoTakesTheHolderForReachableButIsNotReachedByItIsRefused() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side first = side(store, "first", LONG);
            assertTrue(first.ask().join());

            assertFalse(side(store, "awoken", LONG, "first").ask().join());

            assertFalse(first.ended.isDone());
        }
    }

    @Test
    void aSideThatWasOvertakenEndsAlsoWhenTheOtherIsDeadMeanwhile() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side first = side(store, "first", LONG, "second");
            assertTrue(first.ask().join());

            StoreClient.execute(
                    store.connection(),
                    "UPDATE survivor_lease SET owner = 'second', side = '{second}', expires_at = clock_timestamp()");

            first.ended.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertEquals("second", owner(store), "what is over is not taken back");
        }
    }

    @Test
    void whileTheStoreIsAwayNobodyIsRefusedAndNobodyLosesTheLease() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side first = side(store, "first", LONG);
            Side second = side(store, "second", LONG);
            assertTrue(first.ask().join());

            store.pause();
            CompletableFuture<Boolean> refused = second.ask();
            NodeProcess.await("it asks again", PATIENCE, () -> second.looks.get() >= 4);
            assertFalse(refused.isDone());
            store.goOn();

            assertFalse(refused.join());
            assertFalse(first.ended.isDone());
            assertEquals("first", owner(store));
        }
    }

    @Test
    void aStoreThatDoesNotComeBackIsAFailure() throws Exception {
        StoreConnection gone;
        try (RealStore store = RealStore.in(temporary)) {
            gone = store.connection();
        }
        Side side = new Side(gone, "node", SHORT, Duration.ofSeconds(2));
        sides.add(side);

        CompletionException failure =
                assertThrows(CompletionException.class, () -> side.ask().join());

        assertInstanceOf(LeaseTimeoutException.class, failure.getCause());
        assertFalse(side.lease.checkLease());
    }
}
