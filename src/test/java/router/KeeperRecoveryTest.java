package router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.ROOT;
import static router.retention.Ledgers.START;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.terms;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.JournalOperation;
import akka.persistence.testkit.ProcessingPolicy;
import akka.persistence.testkit.ProcessingResult;
import akka.persistence.testkit.ProcessingSuccess;
import akka.persistence.testkit.ReadSeqNum;
import akka.persistence.testkit.StorageFailure;
import akka.persistence.testkit.WriteEvents;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import akka.persistence.typed.PersistenceId;
import inference.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import kv.Epoch;
import kv.Receipt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import router.LeaseKeeper.Command;
import router.LeaseKeeper.Resumed;
import router.retention.Lease;
import router.retention.LeaseAnswer;
import router.retention.LeaseState;
import router.retention.LedgerEvent;
import router.retention.Ledgers;
import testkit.ActorTestKitExtension;
import workers.Worker;

/** What becomes of a keeper that dies, or whose store fails. */
class KeeperRecoveryTest extends KeeperFixture {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.with(CONFIG);

    KeeperRecoveryTest() {
        super(kit);
    }

    @Test
    void r8AfterACrashLeasesAreBackUnderAnotherEpochAndReassertedBeforeTheNextTurn() {
        ActorRef<Command> first = holding("crash");
        kit.kit().stop(first);

        ActorRef<Command> second = kit.kit().spawn(behavior("crash"));
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
        kit.kit().stop(second);
    }

    @Test
    void r8ASilentHolderDelaysTheFirstTurnNoLongerThanAllowed() {
        kit.kit().stop(holding("silent"));
        ActorRef<Command> second = kit.kit().spawn(behavior("silent"));
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
        kit.kit().stop(second);
    }

    @Test
    void r3AKeeperWhoseEpochIsStoredByAnotherEndsAlthoughItTriedToBeginTheSame() {
        ActorRef<Command> keeper = holding("tie");
        TestProbe<Void> ends = kit.kit().createTestProbe();
        PersistenceTestKit store = PersistenceTestKit.create(kit.kit().system());
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
        PersistenceTestKit store = PersistenceTestKit.create(kit.kit().system());
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
        kit.kit().stop(keeper);
    }

    /**
     * Time passes only while the keeper stands still. A timer that is due at once, as one is that a keeper sets when it begins, runs all that
     * is due: a restart that this test's time is just running, too, and one that comes twice ends the keeper.
     */
    @Test
    void aSessionThatIsBackIsNotToldWhatTheStoreHasRefused() {
        ActorRef<Command> keeper = holding("refused");
        PersistenceTestKit store = PersistenceTestKit.create(kit.kit().system());
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
        kit.kit().stop(keeper);
    }

    private static void uninterrupted(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
