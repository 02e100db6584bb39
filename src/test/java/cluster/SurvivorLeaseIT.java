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
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.Result;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import testkit.ConcurrentTest;
import testkit.NodeProcess;

/** Sides that contend for one lease in a real store. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SurvivorLeaseIT {
    private static final Duration BEAT = Duration.ofMillis(500);
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
        /** How often it looked who is out of reach, which is when a beat begins and before it asks. */
        final AtomicInteger beats = new AtomicInteger();
        /** What happens when it looks so the next time, once. */
        final AtomicReference<Runnable> atBeat = new AtomicReference<>(() -> {});

        private final Set<String> owners;
        private volatile Set<String> lost = Set.of("somebody");
        private volatile boolean leads;

        Side(
                StoreConnection store,
                String owner,
                Duration beat,
                Duration validity,
                Duration patience,
                String... others) {
            owners = Stream.concat(Stream.of(owner), Stream.of(others)).collect(toUnmodifiableSet());
            LeaseSettings settings = LeaseSettings.apply(
                    ConfigFactory.parseString("heartbeat-interval = " + beat.toMillis() + "ms, heartbeat-timeout = "
                            + validity.toMillis() + "ms, lease-operation-timeout = " + patience.toMillis() + "ms"),
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
            beats.incrementAndGet();
            // On another thread: those of beats must not wait for a store.
            CompletableFuture.runAsync(atBeat.getAndSet(() -> {})).join();
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
        Side side = new Side(store.connection(), owner, BEAT, validity, PATIENCE, others);
        sides.add(side);
        return side;
    }

    /** The row as long as another transaction has it: statements on it wait, and run one after the other when this is closed. */
    private record LockedRow(RealStore store, Connection connection) implements AutoCloseable {
        static LockedRow in(RealStore store) {
            Connection connection = Mono.from(
                            ConnectionFactories.get(store.connection().toOptions())
                                    .create())
                    .block(PATIENCE);
            Mono.from(connection.beginTransaction())
                    .thenMany(connection
                            .createStatement("SELECT FROM survivor_lease FOR UPDATE")
                            .execute())
                    .flatMap(Result::getRowsUpdated)
                    .blockLast(PATIENCE);
            return new LockedRow(store, connection);
        }

        int waiting(String verb) {
            return Integer.parseInt(StoreClient.query(
                            store.connection(),
                            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '"
                                    + verb + " %'")
                    .get(0));
        }

        @Override
        public void close() {
            Mono.from(connection.close()).block(PATIENCE);
        }
    }

    private static void awaitBeats(Side side, int count) {
        int before = side.beats.get();
        NodeProcess.await("its beats", PATIENCE, () -> side.beats.get() >= before + count);
    }

    private static boolean isOver(RealStore store) {
        return StoreClient.query(store.connection(), "SELECT expires_at <= clock_timestamp() FROM survivor_lease")
                .get(0)
                .equals("true");
    }

    private static String owner(RealStore store) {
        return StoreClient.query(store.connection(), "SELECT owner FROM survivor_lease")
                .get(0);
    }

    @ConcurrentTest
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

    @ConcurrentTest
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

    @ConcurrentTest
    void aLeaderThatLosesSomebodyLetsItGoSoThatAllAskAlike() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side leader = side(store, "leader", LONG);
            leader.lost = Set.of();
            leader.leads = true;
            assertEquals("leader", Eventually.get(() -> owner(store)));

            leader.lost = Set.of("somebody");
            NodeProcess.await("it ends", PATIENCE, () -> isOver(store));

            assertTrue(side(store, "larger part", LONG).ask().join());
            assertFalse(leader.ask().join());
        }
    }

    @ConcurrentTest
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

    @ConcurrentTest
    void whatTheStoreHasNotHeardIsLetGoAgain() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side holder = side(store, "holder", LONG);
            assertTrue(holder.ask().join());

            store.pause();
            holder.lost = Set.of("somebody", "another");
            awaitBeats(holder, 3);
            store.goOn();

            NodeProcess.await("it is let go", PATIENCE, () -> side(store, "larger part", LONG)
                    .ask()
                    .join());
            assertFalse(holder.ended.isDone());
        }
    }

    @ConcurrentTest
    void whoGetsLostWhileTheResolverWaitsIsNotLeftBehindUnasked() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side dead = side(store, "dead", LONG);
            assertTrue(dead.ask().join());
            dead.lease.stop();
            Side smaller = side(store, "smaller part", LONG);
            CompletableFuture<Boolean> answer = smaller.ask();
            NodeProcess.await("it is told to wait", PATIENCE, () -> smaller.looks.get() >= 2);

            smaller.lost = Set.of("somebody", "larger part");
            StoreClient.execute(store.connection(), "UPDATE survivor_lease SET expires_at = clock_timestamp()");

            assertTrue(answer.join());
            NodeProcess.await("it lets it go", PATIENCE, () -> isOver(store));
            assertTrue(side(store, "larger part", LONG).ask().join());
        }
    }

    @ConcurrentTest
    void whatIsLetGoIsNoSignOfLife() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side holder = side(store, "holder", LONG);
            assertTrue(holder.ask().join());
            holder.lease.stop();
            Side other = side(store, "other", LONG);
            CompletableFuture<Boolean> answer = other.ask();
            NodeProcess.await("it is told to wait", PATIENCE, () -> other.looks.get() >= 2);

            // As a look sees it whose claim came just before: its end is at hand.
            StoreClient.execute(
                    store.connection(), "UPDATE survivor_lease SET expires_at = expires_at - interval '30 minutes'");
            int before = other.looks.get();
            NodeProcess.await("it looks again", PATIENCE, () -> other.looks.get() >= before + 2);
            assertFalse(answer.isDone());

            StoreClient.execute(store.connection(), "UPDATE survivor_lease SET expires_at = clock_timestamp()");
            assertTrue(answer.join());
        }
    }

    @ConcurrentTest
    void aReleaseThatTheStoreRunsAfterAClaimDoesNotVoidIt() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            // Both statements belong to one of its beats: a long one.
            Side leader = new Side(store.connection(), "leader", Duration.ofSeconds(5), LONG, PATIENCE);
            sides.add(leader);
            leader.lost = Set.of();
            assertTrue(leader.ask().join());

            CompletableFuture<LockedRow> locked = new CompletableFuture<>();
            CompletableFuture<CompletableFuture<Boolean>> asked = new CompletableFuture<>();
            leader.atBeat.set(() -> {
                LockedRow row = LockedRow.in(store);
                leader.lost = Set.of("somebody");
                asked.complete(leader.ask());
                NodeProcess.await("it claims", PATIENCE, () -> row.waiting("INSERT") > 0);
                locked.complete(row);
            });
            try (LockedRow row = locked.join()) {
                NodeProcess.await("it lets go", PATIENCE, () -> row.waiting("UPDATE") > 0);
            }

            assertTrue(asked.join().join());
            assertFalse(side(store, "other", LONG).ask().join());
            assertEquals("leader", owner(store));
            assertFalse(leader.ended.isDone());
        }
    }

    @ConcurrentTest
    void nothingIsLetGoWhileTheResolverAsks() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side leader = side(store, "leader", LONG);
            leader.lost = Set.of();
            leader.leads = true;
            assertEquals("leader", Eventually.get(() -> owner(store)));

            CompletableFuture<Boolean> answer;
            try (LockedRow row = LockedRow.in(store)) {
                leader.lost = Set.of("somebody");
                answer = leader.ask();
                awaitBeats(leader, 3);
                int before = row.waiting("UPDATE");
                awaitBeats(leader, 3);
                assertEquals(before, row.waiting("UPDATE"));
            }
            assertTrue(answer.join());
        }
    }

    @ConcurrentTest
    void aRowThatIsGoneIsMadeAnewAndNobodyEnds() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side holder = side(store, "holder", LONG);
            assertTrue(holder.ask().join());

            StoreClient.execute(store.connection(), "DELETE FROM survivor_lease");

            assertEquals("holder", Eventually.get(() -> owner(store)));
            assertFalse(holder.ended.isDone());
            assertFalse(side(store, "late", LONG).ask().join());
        }
    }

    @ConcurrentTest
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

    @ConcurrentTest
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

    @ConcurrentTest
    void whoTakesTheHolderForReachableButIsNotReachedByItIsRefused() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            Side first = side(store, "first", LONG);
            assertTrue(first.ask().join());

            assertFalse(side(store, "awoken", LONG, "first").ask().join());

            assertFalse(first.ended.isDone());
        }
    }

    @ConcurrentTest
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

    @ConcurrentTest
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

    @ConcurrentTest
    void aStoreThatDoesNotComeBackIsAFailure() throws Exception {
        StoreConnection gone;
        try (RealStore store = RealStore.in(temporary)) {
            gone = store.connection();
        }
        Side side = new Side(gone, "node", BEAT, SHORT, Duration.ofSeconds(2));
        sides.add(side);

        CompletionException failure =
                assertThrows(CompletionException.class, () -> side.ask().join());

        assertInstanceOf(LeaseTimeoutException.class, failure.getCause());
        assertFalse(side.lease.checkLease());
    }
}
