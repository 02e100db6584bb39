package workers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.testkit.typed.javadsl.TestProbe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import kv.BlockHasher;
import kv.HashSalt;
import kv.KvEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.status.WorkerState;

/** What a worker tells the routers that follow it. */
class WorkerUpdatesTest extends WorkerFixture {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    private final TestProbe<WorkerUpdate> router = kit.kit().createTestProbe();

    WorkerUpdatesTest() {
        super(kit);
    }

    @Test
    void tellsARouterWhatItHoldsAndThenEveryChange() {
        awaitState(WorkerState.READY);
        events.answer();
        publishAndAwait(1, null);
        publishAndAwait(2, 1);

        worker.tell(new Worker.Attach(router.getRef()));

        WorkerUpdate.Joined joined = router.expectMessageClass(WorkerUpdate.Joined.class);
        assertEquals(1, joined.number());
        assertEquals(ID, joined.worker());
        assertEquals(ScriptedEngine.FACTS, joined.facts());
        WorkerUpdate.BlocksChanged snapshot = router.expectMessageClass(WorkerUpdate.BlocksChanged.class);
        assertEquals(2, snapshot.number());
        assertEquals(joined.incarnation(), snapshot.incarnation());
        KvEvent.BlocksStored stored = (KvEvent.BlocksStored) snapshot.events().get(0);
        assertArrayEquals(hashes(1, 7, 2, 7), stored.sequenceHashes());

        events.publish(Payloads.stored(3, 2));
        WorkerUpdate.BlocksChanged change = router.expectMessageClass(WorkerUpdate.BlocksChanged.class);
        assertEquals(3, change.number());
        KvEvent.BlocksStored child = (KvEvent.BlocksStored) change.events().get(0);
        assertEquals(hashes(1, 7, 2, 7)[1], child.parent());
    }

    @Test
    void coalescesLoadChanges() {
        awaitState(WorkerState.READY);
        worker.tell(new Worker.Attach(router.getRef()));
        router.expectMessageClass(WorkerUpdate.Joined.class);
        admitted("a");
        admitted("b");
        router.expectNoMessage(Duration.ofMillis(10));

        time.timePasses(Duration.ofMillis(50));

        WorkerUpdate.LoadChanged changed = router.expectMessageClass(WorkerUpdate.LoadChanged.class);
        assertEquals(2, changed.load().runningRequests());
    }

    @Test
    void stopsAtTheWindowAndGoesOnWithTheAcknowledgements() {
        attachAfterReplay();
        for (int i = 1; i <= 10; i++) {
            events.publish(Payloads.root(i));
        }
        List<WorkerUpdate> sent = new ArrayList<>(router.receiveSeveralMessages(WINDOW - 1));
        router.expectNoMessage(Duration.ofMillis(50));
        assertEquals(WINDOW, sent.get(sent.size() - 1).number());

        worker.tell(new Worker.AckUpdates(router.getRef(), WINDOW));

        assertEquals(
                2 * WINDOW,
                router.receiveSeveralMessages(WINDOW).get(WINDOW - 1).number());
    }

    @Test
    void aRouterThatFellBehindGetsASnapshotInsteadOfItsBacklog() {
        attachAfterReplay();
        for (int i = 1; i <= 100; i++) {
            events.publish(Payloads.root(i));
        }
        router.receiveSeveralMessages(WINDOW - 1);
        statuses.awaitAssert(() -> {
            assertEquals(100, status().load().deviceBlocksCached());
            return true;
        });

        worker.tell(new Worker.AckUpdates(router.getRef(), WINDOW));

        assertEquals(
                WINDOW + 1, router.expectMessageClass(WorkerUpdate.Joined.class).number());
        int blocks = 0;
        for (long number = WINDOW + 2; blocks < 100; number++) {
            WorkerUpdate.BlocksChanged change = router.expectMessageClass(WorkerUpdate.BlocksChanged.class);
            assertEquals(number, change.number());
            blocks += change.events().stream().mapToInt(UpdateChunks::hashes).sum();
            worker.tell(new Worker.AckUpdates(router.getRef(), number));
        }
        assertEquals(100, blocks);
    }

    @Test
    void attachingAgainStartsOver() {
        attachAfterReplay();
        events.publish(Payloads.root(1));
        router.expectMessageClass(WorkerUpdate.BlocksChanged.class);

        worker.tell(new Worker.Attach(router.getRef()));

        assertEquals(1, router.expectMessageClass(WorkerUpdate.Joined.class).number());
        assertEquals(
                2, router.expectMessageClass(WorkerUpdate.BlocksChanged.class).number());
    }

    @Test
    void eventsBehindAnUnknownParentAreReplayedOnce() {
        attachAfterReplay();
        events.publish(Payloads.root(1));
        events.publish(Payloads.stored(9, 8));
        statuses.awaitAssert(() -> {
            assertEquals(0, events.asked());
            return true;
        });
        events.answer();
        events.publish(Payloads.root(5));

        statuses.awaitAssert(() -> {
            assertEquals(2, status().load().deviceBlocksCached());
            return true;
        });
        assertEquals(-1, events.asked());
    }

    private void attachAfterReplay() {
        awaitState(WorkerState.READY);
        statuses.awaitAssert(() -> {
            assertEquals(0, events.asked());
            return true;
        });
        events.answer();
        worker.tell(new Worker.Attach(router.getRef()));
        router.expectMessageClass(WorkerUpdate.Joined.class);
    }

    private static long[] hashes(int... tokens) {
        return new BlockHasher(2, HashSalt.NONE).hash(tokens).toArray();
    }
}
