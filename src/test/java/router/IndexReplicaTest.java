package router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.receptionist.Receptionist;
import java.time.Duration;
import java.util.List;
import kv.CacheOwner;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.PromptBlocks;
import kv.RunPrefixIndex;
import kv.SequenceHash;
import metrics.Metrics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.Worker;
import workers.WorkerUpdate;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class IndexReplicaTest {
    private static final PromptBlocks PROMPT = PromptBlocks.of(16, 1, 2, 3);

    @RegisterExtension
    static final ActorTestKitExtension EXTENSION = ActorTestKitExtension.withManualTime();

    private static final Duration SILENCE = Duration.ofSeconds(10);
    private static final Duration GRACE = Duration.ofSeconds(30);
    private final ManualTime time = ManualTime.get(EXTENSION.kit().system());

    private final RunPrefixIndex index = new RunPrefixIndex();
    private final TestProbe<Router.Command> router = EXTENSION.kit().createTestProbe();
    private final TestProbe<Worker.Command> worker = EXTENSION.kit().createTestProbe();
    private final WorkerRoster roster = new WorkerRoster();
    private ActorRef<IndexReplica.Command> replica;

    @BeforeEach
    void attach() {
        EXTENSION.kit().system().receptionist().tell(Receptionist.register(Worker.SERVICE_KEY, worker.getRef()));
        replica = EXTENSION
                .kit()
                .spawn(IndexReplica.create(index, router.getRef(), roster, SILENCE, GRACE, new Metrics()));
    }

    @AfterEach
    void detach() {
        EXTENSION.kit().stop(replica);
        worker.stop();
    }

    private ActorRef<WorkerUpdate> attached() {
        return worker.expectMessageClass(Worker.Attach.class).subscriber();
    }

    private void joined(ActorRef<WorkerUpdate> ear, long number, Incarnation incarnation) {
        ear.tell(new WorkerUpdate.Joined(
                number, RouterFixture.A, WorkerState.READY, incarnation, RouterFixture.ONE_SLOT, WorkerLoad.idle(100)));
        assertEquals(number, worker.expectMessageClass(Worker.AckUpdates.class).number());
    }

    private int held(Incarnation incarnation) {
        return index.match(PROMPT, 0).blocks(new CacheOwner(RouterFixture.A, incarnation, 0), KvTier.DEVICE);
    }

    private static KvEvent stored(long... hashes) {
        return KvEvent.BlocksStored.atRoot(hashes, KvTier.DEVICE);
    }

    @Test
    void updatesReachTheIndexAndTheRouterInOrder() {
        ActorRef<WorkerUpdate> ear = attached();
        joined(ear, 1, RouterFixture.LIFE);
        ear.tell(new WorkerUpdate.BlocksChanged(2, RouterFixture.LIFE, 0, List.of(stored(1, 2))));
        ear.tell(new WorkerUpdate.LoadChanged(3, WorkerState.DRAINING, WorkerLoad.idle(100)));
        worker.expectMessageClass(Worker.AckUpdates.class);
        worker.expectMessageClass(Worker.AckUpdates.class);

        assertEquals(2, held(RouterFixture.LIFE));
        router.expectMessageClass(Router.WorkerJoined.class);
        assertEquals(
                WorkerState.DRAINING,
                router.expectMessageClass(Router.WorkerChanged.class).state());
    }

    @Test
    void aHoleInTheNumbersStartsTheWorkersPartOver() {
        ActorRef<WorkerUpdate> ear = attached();
        joined(ear, 1, RouterFixture.LIFE);
        ear.tell(new WorkerUpdate.BlocksChanged(3, RouterFixture.LIFE, 0, List.of(stored(1))));

        ActorRef<WorkerUpdate> fresh = attached();
        joined(fresh, 1, RouterFixture.LIFE);
        fresh.tell(new WorkerUpdate.BlocksChanged(2, RouterFixture.LIFE, 0, List.of(stored(1, 2, 3))));
        worker.expectMessageClass(Worker.AckUpdates.class);

        assertEquals(3, held(RouterFixture.LIFE));
    }

    @Test
    void blocksBehindAnUnknownParentStartTheWorkersPartOver() {
        ActorRef<WorkerUpdate> ear = attached();
        joined(ear, 1, RouterFixture.LIFE);
        ear.tell(new WorkerUpdate.BlocksChanged(
                2,
                RouterFixture.LIFE,
                0,
                List.of(KvEvent.BlocksStored.after(new SequenceHash(99), new long[] {100}, KvTier.DEVICE))));

        attached();
    }

    @Test
    void everyBlockOfAnOlderIncarnationIsVoidTheMomentANewerOneIsSeen() {
        Incarnation second = new Incarnation(2, 2);
        ActorRef<WorkerUpdate> ear = attached();
        joined(ear, 1, RouterFixture.LIFE);
        ear.tell(new WorkerUpdate.BlocksChanged(2, RouterFixture.LIFE, 0, List.of(stored(1, 2, 3))));
        worker.expectMessageClass(Worker.AckUpdates.class);

        joined(ear, 3, second);
        ear.tell(new WorkerUpdate.BlocksChanged(4, RouterFixture.LIFE, 0, List.of(stored(1, 2))));
        worker.expectMessageClass(Worker.AckUpdates.class);

        assertEquals(0, held(RouterFixture.LIFE));
        assertEquals(0, held(second));
        assertEquals(0, index.distinctBlocks());
    }

    @Test
    void aWorkerThatLeavesTakesItsBlocksAlong() {
        ActorRef<WorkerUpdate> ear = attached();
        joined(ear, 1, RouterFixture.LIFE);
        ear.tell(new WorkerUpdate.BlocksChanged(2, RouterFixture.LIFE, 0, List.of(stored(1, 2, 3))));
        worker.expectMessageClass(Worker.AckUpdates.class);
        router.expectMessageClass(Router.WorkerJoined.class);

        worker.stop();

        assertEquals(
                RouterFixture.A,
                router.expectMessageClass(Router.WorkerLost.class).worker());
        assertEquals(0, index.distinctBlocks());
    }

    @Test
    void aWorkerThatMovedIsNotLostWithItsPredecessor() {
        Incarnation second = new Incarnation(2, 2);
        ActorRef<WorkerUpdate> ear = attached();
        joined(ear, 1, RouterFixture.LIFE);
        ear.tell(new WorkerUpdate.BlocksChanged(2, RouterFixture.LIFE, 0, List.of(stored(1, 2, 3))));
        worker.expectMessageClass(Worker.AckUpdates.class);
        TestProbe<Worker.Command> moved = EXTENSION.kit().createTestProbe();
        EXTENSION.kit().system().receptionist().tell(Receptionist.register(Worker.SERVICE_KEY, moved.getRef()));
        ActorRef<WorkerUpdate> movedEar =
                moved.expectMessageClass(Worker.Attach.class).subscriber();
        movedEar.tell(new WorkerUpdate.Joined(
                1, RouterFixture.A, WorkerState.READY, second, RouterFixture.ONE_SLOT, WorkerLoad.idle(100)));
        moved.expectMessageClass(Worker.AckUpdates.class);
        assertEquals(0, index.distinctBlocks());

        worker.stop();
        TestProbe<Receptionist.Listing> listings = EXTENSION.kit().createTestProbe();
        listings.awaitAssert(() -> {
            EXTENSION.kit().system().receptionist().tell(Receptionist.find(Worker.SERVICE_KEY, listings.getRef()));
            assertEquals(
                    1,
                    listings.receiveMessage()
                            .getServiceInstances(Worker.SERVICE_KEY)
                            .size());
            return true;
        });

        router.expectMessageClass(Router.WorkerJoined.class);
        assertEquals(
                second, router.expectMessageClass(Router.WorkerJoined.class).incarnation());
        movedEar.tell(new WorkerUpdate.LoadChanged(2, WorkerState.READY, WorkerLoad.idle(100)));
        router.expectMessageClass(Router.WorkerChanged.class);
        moved.stop();
    }

    @Test
    void aSilentWorkerGetsNoTurnsAndIsAttachedAnew() {
        joined(attached(), 1, RouterFixture.LIFE);
        router.expectMessageClass(Router.WorkerJoined.class);

        time.timePasses(SILENCE);
        worker.expectNoMessage(Duration.ofMillis(20));
        time.timePasses(SILENCE);

        assertEquals(
                WorkerState.UNREACHABLE,
                router.expectMessageClass(Router.WorkerChanged.class).state());
        joined(attached(), 1, RouterFixture.LIFE);
        assertEquals(
                WorkerState.READY,
                router.expectMessageClass(Router.WorkerJoined.class).state());
    }

    @Test
    void blocksThatDoNotFitAfterASnapshotEitherDoNotStartAStorm() {
        for (int i = 0; i < 2; i++) {
            ActorRef<WorkerUpdate> ear = attached();
            joined(ear, 1, RouterFixture.LIFE);
            ear.tell(new WorkerUpdate.BlocksChanged(
                    2,
                    RouterFixture.LIFE,
                    0,
                    List.of(KvEvent.BlocksStored.after(new SequenceHash(99), new long[] {100}, KvTier.DEVICE))));
        }
        worker.expectNoMessage(Duration.ofMillis(50));

        time.timePasses(SILENCE);

        attached();
    }

    @Test
    void aWorkerThatLeftMayBeBackUntilItsGraceIsOver() {
        joined(attached(), 1, RouterFixture.LIFE);
        worker.stop();
        router.awaitAssert(() -> {
            assertTrue(roster.live().find(RouterFixture.A).isEmpty());
            return true;
        });
        assertTrue(roster.live().complete().mayReturn(RouterFixture.A));

        time.timePasses(GRACE);

        router.awaitAssert(() -> {
            assertFalse(roster.live().complete().mayReturn(RouterFixture.A));
            return true;
        });
    }

    @Test
    void aWorkerThatIsBackInTimeStays() {
        joined(attached(), 1, RouterFixture.LIFE);
        worker.stop();
        router.awaitAssert(() -> {
            assertTrue(roster.live().find(RouterFixture.A).isEmpty());
            return true;
        });
        TestProbe<Worker.Command> moved = EXTENSION.kit().createTestProbe();
        EXTENSION.kit().system().receptionist().tell(Receptionist.register(Worker.SERVICE_KEY, moved.getRef()));
        moved.expectMessageClass(Worker.Attach.class)
                .subscriber()
                .tell(new WorkerUpdate.Joined(
                        1,
                        RouterFixture.A,
                        WorkerState.READY,
                        RouterFixture.LIFE,
                        RouterFixture.ONE_SLOT,
                        WorkerLoad.idle(100)));
        moved.expectMessageClass(Worker.AckUpdates.class);

        time.timePasses(GRACE);
        moved.expectMessageClass(Worker.Attach.class);

        assertTrue(roster.live().find(RouterFixture.A).isPresent());
        moved.stop();
    }
}
