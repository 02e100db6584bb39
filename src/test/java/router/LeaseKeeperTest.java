package router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.ROOT;
import static router.retention.Ledgers.START;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.terms;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.persistence.testkit.JournalOperation;
import akka.persistence.testkit.ProcessingPolicy;
import akka.persistence.testkit.ProcessingResult;
import akka.persistence.testkit.ProcessingSuccess;
import akka.persistence.testkit.ReadSeqNum;
import akka.persistence.testkit.StorageFailure;
import akka.persistence.testkit.WriteEvents;
import akka.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import akka.persistence.typed.PersistenceId;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import kv.Epoch;
import kv.Incarnation;
import kv.Receipt;
import metrics.Metrics;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import router.LeaseKeeper.Command;
import router.LeaseKeeper.Resumed;
import router.retention.EndReason;
import router.retention.Lease;
import router.retention.LeaseAnswer;
import router.retention.LeaseBook;
import router.retention.LeaseState;
import router.retention.LedgerEvent;
import router.retention.Ledgers;
import router.retention.Loss;
import workers.RetentionNews;
import workers.Worker;
import workers.holds.HoldEnd;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class LeaseKeeperTest {
    static final LeaseSettings SETTINGS = new LeaseSettings(
            4,
            Ledgers.SETTINGS,
            Duration.ofSeconds(1),
            Duration.ofMillis(500),
            Duration.ofSeconds(10),
            Duration.ofMinutes(10),
            Duration.ofSeconds(5),
            3,
            Duration.ofMillis(10),
            Duration.ofMillis(100));
    private static final Config CONFIG = ConfigFactory.parseString(
                    """
                    akka.actor.testkit.typed.single-expect-default = 20s
                    akka.test.single-expect-default = 20s
                    """)
            .withFallback(ManualTime.config())
            .withFallback(EventSourcedBehaviorTestKit.config())
            .withFallback(ConfigFactory.parseResources("serialization.conf"))
            .withFallback(ConfigFactory.load())
            .resolve();
    private static final EngineFacts FACTS =
            new EngineFacts(List.of("m"), 16, 100, 8192, 4, 10_000, new EngineCapabilities(true, null, 0));
    private static final Incarnation LIFE = new Incarnation(1, 1);

    private static ActorTestKit kit;
    private static ManualTime time;

    private final AtomicReference<Instant> now = new AtomicReference<>(START);
    private final Metrics metrics = new Metrics();
    private final WorkerRoster roster = new WorkerRoster();
    private TestProbe<Worker.Command> worker;
    private TestProbe<LeaseAnswer> answers;
    private TestProbe<Resumed> resumes;

    @BeforeEach
    void create() {
        worker = kit.createTestProbe();
        answers = kit.createTestProbe();
        resumes = kit.createTestProbe();
        roster.joined(A, LIFE, FACTS, WorkerState.READY, WorkerLoad.idle(100));
    }

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create("LeaseKeeperTest", CONFIG);
        time = ManualTime.get(kit.system());
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    private Behavior<Command> behavior(String partition) {
        InstantSource clock = now::get;
        return LeaseKeeper.create(
                partition,
                SETTINGS,
                new KeeperPorts(id -> worker.getRef(), roster::live, () -> Ledgers.NAME, metrics, clock));
    }

    private void passes(Duration duration) {
        now.updateAndGet(before -> before.plus(duration));
        time.timePasses(duration);
    }

    private void answer(Worker.HoldPrefix asked, Receipt receipt) {
        asked.keeper()
                .tell(new RetentionNews.HoldAnswered(
                        A, asked.hold().lease(), asked.hold().epoch(), asked.incarnation(), asked.order(), receipt));
    }

    private Worker.HoldPrefix asked() {
        return worker.expectMessageClass(Worker.HoldPrefix.class);
    }

    private Resumed resume(ActorRef<Command> keeper) {
        keeper.tell(new LeaseKeeper.Resume(TenantId.DEFAULT, ROOT, ROOT, resumes.getRef()));
        return resumes.receiveMessage();
    }

    /** A keeper's lease, once the store has what is known of it. */
    private static Lease stored(ActorRef<Command> keeper) {
        TestProbe<LeaseKeeper.LeaseList> lists = kit.createTestProbe();
        keeper.tell(new LeaseKeeper.GetLeases(TenantId.DEFAULT, null, 1, lists.getRef()));
        return lists.receiveMessage().leases().get(0).lease();
    }

    /** A keeper with one lease that A holds. */
    private ActorRef<Command> holding(String partition) {
        ActorRef<Command> keeper = kit.spawn(behavior(partition));
        keeper.tell(new LeaseKeeper.Grant(terms(1, 1), MINUTE, null, answers.getRef()));
        answers.expectMessageClass(LeaseAnswer.Granted.class);
        answer(asked(), new Receipt.Accepted());
        answers.awaitAssert(() -> {
            assertEquals(LeaseState.HELD, stored(keeper).state());
            return true;
        });
        return keeper;
    }

    /** Waits for the first epoch to be stored. */
    private void begun(EventSourcedBehaviorTestKit<Command, LedgerEvent, LeaseBook> entity) {
        worker.awaitAssert(() -> {
            assertNotNull(entity.getState());
            return true;
        });
    }

    @Test
    void whatIsDecidedIsStoredAndSurvivesARestart() {
        EventSourcedBehaviorTestKit<Command, LedgerEvent, LeaseBook> entity = EventSourcedBehaviorTestKit.create(
                kit.system(),
                behavior("stored"),
                new EventSourcedBehaviorTestKit.SerializationSettings(true, false, true, true, false));
        begun(entity);
        var granted =
                entity.<LeaseAnswer>runCommand(replyTo -> new LeaseKeeper.Grant(terms(1, 1), MINUTE, null, replyTo));
        assertInstanceOf(LedgerEvent.LeaseGranted.class, granted.event());
        assertInstanceOf(LeaseAnswer.Granted.class, granted.reply());
        assertEquals(new Epoch(1), asked().hold().epoch());
        assertInstanceOf(
                LedgerEvent.LeaseRenewed.class,
                entity.<LeaseAnswer>runCommand(replyTo -> new LeaseKeeper.Renew(id(1), MINUTE.multipliedBy(2), replyTo))
                        .event());
        entity.<LeaseAnswer>runCommand(replyTo -> new LeaseKeeper.Grant(terms(2, 1), MINUTE, null, replyTo));
        assertEquals(
                new LedgerEvent.LeasesEnded(List.of(id(2)), EndReason.OWNER, START),
                entity.runCommand(new LeaseKeeper.Release(id(2), null)).event());
        var before = entity.getState().snapshot();

        var after = entity.restart().state();

        assertEquals(before.leases(), after.snapshot().leases());
        assertEquals(before.ended(), after.snapshot().ended());
        assertEquals(before.budgets(), after.snapshot().budgets());
    }

    @Test
    void anOperatorEndsALeaseOfItsOwnTenantOnly() {
        EventSourcedBehaviorTestKit<Command, LedgerEvent, LeaseBook> entity = EventSourcedBehaviorTestKit.create(
                kit.system(),
                behavior("operator"),
                new EventSourcedBehaviorTestKit.SerializationSettings(true, false, true, true, false));
        begun(entity);
        entity.<LeaseAnswer>runCommand(replyTo -> new LeaseKeeper.Grant(terms(1, 1), MINUTE, null, replyTo));

        assertFalse(entity.<LeaseKeeper.RevokeReply>runCommand(
                        replyTo -> new LeaseKeeper.Revoke(new TenantId("other"), id(1), replyTo))
                .reply()
                .found());
        assertTrue(entity.<LeaseKeeper.RevokeReply>runCommand(
                        replyTo -> new LeaseKeeper.Revoke(TenantId.DEFAULT, id(1), replyTo))
                .reply()
                .found());
        LeaseKeeper.LeaseList list = entity.<LeaseKeeper.LeaseList>runCommand(
                        replyTo -> new LeaseKeeper.GetLeases(TenantId.DEFAULT, ROOT, 10, replyTo))
                .reply();
        assertEquals(LeaseState.REVOKED, list.leases().get(0).lease().state());
        assertEquals(
                0,
                entity.<LeaseKeeper.LeaseList>runCommand(
                                replyTo -> new LeaseKeeper.GetLeases(new TenantId("other"), null, 10, replyTo))
                        .reply()
                        .leases()
                        .size());
    }

    @Test
    void aClosedSessionsHoldsAreReleased() {
        ActorRef<Command> keeper = holding("closed");

        keeper.tell(new LeaseKeeper.ReleaseSession(TenantId.DEFAULT, ROOT, ROOT));

        worker.expectMessage(new Worker.ReleaseHold(id(1), new Epoch(1), 2));
        assertEquals(List.of(), resume(keeper).leases());
        kit.stop(keeper);
    }

    @Test
    void r8AfterACrashLeasesAreBackUnderAnotherEpochAndReassertedBeforeTheNextTurn() {
        ActorRef<Command> first = holding("crash");
        kit.stop(first);

        ActorRef<Command> second = kit.spawn(behavior("crash"));
        second.tell(new LeaseKeeper.Resume(TenantId.DEFAULT, ROOT, ROOT, resumes.getRef()));
        resumes.expectNoMessage(Duration.ofMillis(50));
        Worker.HoldPrefix again = worker.awaitAssert(() -> {
            time.timePasses(Duration.ZERO);
            return worker.expectMessageClass(Worker.HoldPrefix.class, Duration.ofMillis(200));
        });
        assertEquals(new Epoch(2), again.hold().epoch());
        resumes.expectNoMessage(Duration.ZERO);

        answer(again, new Receipt.Accepted());

        Resumed resumed = resumes.receiveMessage();
        assertTrue(resumed.reasserted());
        assertEquals(LeaseState.HELD, resumed.leases().get(0).state());
        assertTrue(metrics.scrape().contains("outcome=\"reasserted\""));
        kit.stop(second);
    }

    @Test
    void r3AKeeperWhoseEpochIsStoredByAnotherEndsAlthoughItTriedToBeginTheSame() {
        ActorRef<Command> keeper = holding("tie");
        TestProbe<Void> ends = kit.createTestProbe();
        PersistenceTestKit store = PersistenceTestKit.create(kit.system());
        String entity = PersistenceId.of(LeaseKeeper.TYPE_KEY.name(), "tie").id();
        AtomicInteger writes = new AtomicInteger();
        store.withPolicy(new ProcessingPolicy<JournalOperation>() {
            @Override
            public ProcessingResult tryProcess(String id, JournalOperation operation) {
                boolean fails = id.equals(entity) && operation instanceof WriteEvents;
                if (fails) {
                    writes.incrementAndGet();
                }
                return fails ? StorageFailure.create() : ProcessingSuccess.getInstance();
            }
        });

        keeper.tell(new LeaseKeeper.Renew(id(1), MINUTE.multipliedBy(2), answers.getRef()));
        answers.awaitAssert(() -> {
            passes(SETTINGS.maxRestartBackoff());
            assertTrue(writes.get() >= 2, "a renewal, then an epoch of its own");
            return true;
        });
        store.persistForRecovery(entity, List.of(new LedgerEvent.EpochBegun(new Epoch(2), Ledgers.NAME, START)));

        answers.awaitAssert(() -> {
            passes(SETTINGS.maxRestartBackoff());
            ends.expectTerminated(keeper, Duration.ofMillis(200));
            return true;
        });
        store.resetPolicy();
    }

    @Test
    void aSessionThatIsBackDoesNotWaitForTheStore() {
        ActorRef<Command> keeper = holding("busy");
        PersistenceTestKit store = PersistenceTestKit.create(kit.system());
        String entity = PersistenceId.of(LeaseKeeper.TYPE_KEY.name(), "busy").id();
        CountDownLatch writes = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        store.withPolicy(new ProcessingPolicy<JournalOperation>() {
            @Override
            public ProcessingResult tryProcess(String id, JournalOperation operation) {
                if (id.equals(entity) && operation instanceof WriteEvents) {
                    writes.countDown();
                    uninterrupted(goesOn);
                }
                return ProcessingSuccess.getInstance();
            }
        });
        keeper.tell(new LeaseKeeper.Renew(id(1), MINUTE.multipliedBy(2), answers.getRef()));
        uninterrupted(writes);

        assertEquals(LeaseState.HELD, resume(keeper).leases().get(0).state());

        answers.expectNoMessage(Duration.ZERO);
        goesOn.countDown();
        answers.expectMessageClass(LeaseAnswer.Granted.class);
        store.resetPolicy();
        kit.stop(keeper);
    }

    /**
     * Time passes only while the keeper stands still. A timer that is due at once, as one is that a keeper sets when it begins, runs all that
     * is due: a restart that this test's time is just running, too, and one that comes twice ends the keeper.
     */
    @Test
    void aSessionThatIsBackIsNotToldWhatTheStoreHasRefused() {
        ActorRef<Command> keeper = holding("refused");
        PersistenceTestKit store = PersistenceTestKit.create(kit.system());
        String entity = PersistenceId.of(LeaseKeeper.TYPE_KEY.name(), "refused").id();
        CountDownLatch reads = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        store.withPolicy(new ProcessingPolicy<JournalOperation>() {
            @Override
            public ProcessingResult tryProcess(String id, JournalOperation operation) {
                if (id.equals(entity) && operation.equals(ReadSeqNum.getInstance())) {
                    reads.countDown();
                    uninterrupted(goesOn);
                }
                boolean fails = id.equals(entity) && operation instanceof WriteEvents && reads.getCount() > 0;
                return fails ? StorageFailure.create() : ProcessingSuccess.getInstance();
            }
        });
        keeper.tell(new LeaseKeeper.Grant(terms(2, 1), MINUTE, null, answers.getRef()));
        answers.awaitAssert(() -> {
            passes(SETTINGS.maxRestartBackoff());
            assertEquals(0, reads.getCount(), "its next life reads what the store has");
            return true;
        });

        keeper.tell(new LeaseKeeper.Resume(TenantId.DEFAULT, ROOT, ROOT, resumes.getRef()));
        goesOn.countDown();
        Worker.HoldPrefix again = asked();
        answer(again, new Receipt.Accepted());

        assertEquals(new Epoch(2), again.hold().epoch());
        assertEquals(
                List.of(id(1)),
                resumes.receiveMessage().leases().stream().map(Lease::id).toList());
        store.resetPolicy();
        kit.stop(keeper);
    }

    private static void uninterrupted(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void r8ASilentHolderDelaysTheFirstTurnNoLongerThanAllowed() {
        kit.stop(holding("silent"));
        ActorRef<Command> second = kit.spawn(behavior("silent"));
        second.tell(new LeaseKeeper.Resume(TenantId.DEFAULT, ROOT, ROOT, resumes.getRef()));
        worker.awaitAssert(() -> {
            time.timePasses(Duration.ZERO);
            return worker.expectMessageClass(Worker.HoldPrefix.class, Duration.ofMillis(200));
        });
        resumes.expectNoMessage(Duration.ZERO);

        passes(SETTINGS.reassertWait());

        assertFalse(resumes.receiveMessage().reasserted());
        assertTrue(metrics.scrape().contains("outcome=\"timed_out\""));
        assertFalse(resume(second).reasserted(), "later turns do not wait");
        kit.stop(second);
    }

    @Test
    void theNewsOfAnEndedHoldAndOfANewLifeArrive() {
        ActorRef<Command> keeper = holding("news");
        roster.joined(A, new Incarnation(1, 2), FACTS, WorkerState.READY, WorkerLoad.idle(100));
        passes(SETTINGS.tick());
        Worker.HoldPrefix anew = asked();
        assertEquals(new Incarnation(1, 2), anew.incarnation());
        answer(anew, new Receipt.Accepted());

        anew.keeper()
                .tell(new RetentionNews.HoldEnded(
                        A,
                        id(1),
                        new Epoch(1),
                        anew.incarnation(),
                        anew.order(),
                        1,
                        HoldEnd.REVOKED_UNDER_PRESSURE,
                        null));

        answers.awaitAssert(() -> {
            assertEquals(List.of(), resume(keeper).leases());
            return true;
        });
        TestProbe<LeaseKeeper.LeaseList> lists = kit.createTestProbe();
        keeper.tell(new LeaseKeeper.GetLeases(TenantId.DEFAULT, null, 10, lists.getRef()));
        var ended = lists.receiveMessage().leases().get(0).lease();
        assertEquals(LeaseState.REVOKED, ended.state());
        assertEquals(
                Loss.REVOKED_UNDER_PRESSURE,
                Objects.requireNonNull(ended.steps().get(0).ended()).reason());
        kit.stop(keeper);
    }

    @Test
    void whatALostWorkerHeldIsComputedOnAnotherAndHeldThere() {
        ActorRef<Command> keeper = holding("repair");
        roster.lost(A);
        roster.joined(Ledgers.B, LIFE, FACTS, WorkerState.READY, WorkerLoad.idle(100));
        passes(SETTINGS.workerGrace());
        resume(keeper);
        passes(SETTINGS.tick());

        Worker.WarmPrefix warm = worker.awaitAssert(() -> {
            passes(SETTINGS.tick());
            return worker.expectMessageClass(Worker.WarmPrefix.class, Duration.ofMillis(200));
        });
        assertEquals(Ledgers.conversation(), warm.conversation());
        warm.keeper()
                .tell(new RetentionNews.WarmAnswered(
                        Ledgers.B, warm.lease(), warm.epoch(), warm.incarnation(), new Receipt.Accepted()));
        Worker.HoldPrefix hold = asked();
        hold.keeper()
                .tell(new RetentionNews.HoldAnswered(
                        Ledgers.B,
                        hold.hold().lease(),
                        hold.hold().epoch(),
                        LIFE,
                        hold.order(),
                        new Receipt.Accepted()));

        answers.awaitAssert(() -> {
            assertEquals(LeaseState.HELD, resume(keeper).leases().get(0).state());
            return true;
        });
        kit.stop(keeper);
    }

    @Test
    void aLeaseEndsAtItsDeadlineByItself() {
        ActorRef<Command> keeper = holding("deadline");
        passes(MINUTE.plus(Ledgers.SETTINGS.skewBound()));

        answers.awaitAssert(() -> {
            assertEquals(List.of(), resume(keeper).leases());
            return true;
        });
        worker.expectNoMessage(Duration.ZERO);
        kit.stop(keeper);
    }
}
