package workers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.receptionist.Receptionist;
import inference.TurnId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import kv.BlockHasher;
import kv.HashSalt;
import kv.Incarnation;
import kv.KvEvent;
import kv.PromptBlocks;
import kv.WorkerId;
import metrics.Metrics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import testkit.MemoryConversations;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerState;

class WorkerTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    private static final WorkerId ID = new WorkerId("http://127.0.0.1:9001");
    private static final Duration HEARTBEAT = Duration.ofSeconds(1);
    private static final Duration VALIDITY = Duration.ofSeconds(10);
    private static final int WINDOW = 4;

    private final ManualTime time = ManualTime.get(kit.kit().system());
    private final ScriptedEngine engine = new ScriptedEngine();
    private final ScriptedEvents events = new ScriptedEvents();
    private final AtomicLong lives = new AtomicLong();
    private final Metrics metrics = new Metrics();
    private final TestProbe<Worker.AdmitReply> admissions = kit.kit().createTestProbe();
    private final TestProbe<Worker.Status> statuses = kit.kit().createTestProbe();
    private final TestProbe<WorkerUpdate> router = kit.kit().createTestProbe();
    private final ActorRef<Worker.Command> worker = kit.kit()
            .spawn(Worker.create(
                    new EngineEndpoint(ID, "tcp://x:1", "tcp://x:2", 1),
                    settings(),
                    new WorkerPorts(
                            id -> engine,
                            events,
                            new MemoryConversations(),
                            request -> PromptBlocks.empty(2),
                            () -> new Incarnation(0, lives.incrementAndGet()),
                            metrics,
                            System::nanoTime)));

    @AfterEach
    void stop() {
        kit.kit().stop(worker);
        assertTrue(events.closed(), "its source ends with it");
    }

    @Test
    void isReadyOnceTheEngineAnswers() {
        assertEquals(WorkerState.READY, awaitState(WorkerState.READY).state());
        assertEquals(ScriptedEngine.FACTS, status().facts());
    }

    @Test
    void registersForRoutersOnceItIsReady() {
        awaitState(WorkerState.READY);
        TestProbe<Receptionist.Listing> listings = kit.kit().createTestProbe();
        listings.awaitAssert(() -> {
            kit.kit().system().receptionist().tell(Receptionist.find(Worker.SERVICE_KEY, listings.getRef()));
            assertTrue(listings.receiveMessage()
                    .getServiceInstances(Worker.SERVICE_KEY)
                    .contains(worker));
            return true;
        });
    }

    @Test
    void anEngineWithOtherBlocksStaysOutAndSaysWhy() {
        engine.answers(new EngineFacts(List.of("m"), 16, 100, 8192, 2, 100, EngineCapabilities.NONE), 1, 0, 0);
        time.timePasses(HEARTBEAT);

        Worker.Status refused = statuses.awaitAssert(() -> {
            Worker.Status status = status();
            assertTrue(status.reason().contains("16 tokens"), status.reason());
            return status;
        });
        assertEquals(WorkerState.JOINING, refused.state());
        assertEquals(Worker.RefusalReason.NOT_READY, refusal("t", 1).reason());
    }

    @Test
    void admitsUpToItsCapacityAndRefusesWithItsLoad() {
        awaitState(WorkerState.READY);
        assertEquals(VALIDITY, admitted("a").validFor());
        admitted("b");

        Worker.AdmissionRefused refused = refusal("c", 10);

        assertEquals(Worker.RefusalReason.FULL, refused.reason());
        assertEquals(2, refused.load().runningRequests());
        worker.tell(new Worker.EndTurn(new TurnId("a")));
        admitted("c");
    }

    @Test
    void repeatingAnAdmissionTakesNoSecondPlace() {
        awaitState(WorkerState.READY);
        admitted("a");
        admitted("a");
        admitted("b");

        assertEquals(2, status().admittedTurns());
    }

    @Test
    void refusesWhatCouldNeverRun() {
        awaitState(WorkerState.READY);

        assertEquals(Worker.RefusalReason.TOO_LONG, refusal("a", 150).reason());
        assertEquals(Worker.RefusalReason.TOO_LONG, refusal("a", 1000).reason());
    }

    @Test
    void anAdmissionLapsesWithoutASignOfLife() {
        awaitState(WorkerState.READY);
        admitted("alive");
        admitted("dead");

        time.timePasses(VALIDITY.minusSeconds(1));
        worker.tell(new Worker.RenewAdmission(new TurnId("alive")));
        assertEquals(2, status().admittedTurns());
        time.timePasses(Duration.ofSeconds(1));

        statuses.awaitAssert(() -> {
            assertEquals(1, status().admittedTurns());
            return true;
        });
        assertTrue(metrics.scrape().contains("holdfast_worker_admissions_lapsed_total 1.0"));
    }

    @Test
    void aTurnThatOutlivedAnEarlierWorkerCountsAgain() {
        awaitState(WorkerState.READY);
        worker.tell(new Worker.RenewAdmission(new TurnId("orphan")));

        assertEquals(1, status().admittedTurns());
    }

    @Test
    void isUnreachableAfterTwoFailedProbesAndBackUnderItsOldIncarnation() {
        awaitState(WorkerState.READY);
        Incarnation before = status().incarnation();
        engine.fails();

        time.timePasses(HEARTBEAT);
        assertEquals(WorkerState.READY, status().state());
        time.timePasses(HEARTBEAT);
        assertTrue(awaitState(WorkerState.UNREACHABLE).reason().contains("connection refused"));
        assertEquals(Worker.RefusalReason.NOT_READY, refusal("a", 1).reason());

        engine.answers(ScriptedEngine.FACTS, 1000, 0, 0);
        time.timePasses(HEARTBEAT);
        assertEquals(before, awaitState(WorkerState.READY).incarnation());
    }

    @Test
    void aReportedFailureThatAProbeConfirmsIsEnough() {
        awaitState(WorkerState.READY);
        engine.fails();
        worker.tell(new Worker.ReportFailure("stream broke"));

        awaitState(WorkerState.UNREACHABLE);
    }

    @Test
    void anotherStartTimeIsAnotherIncarnation() {
        awaitState(WorkerState.READY);
        Incarnation before = status().incarnation();
        events.answer();
        publishAndAwait(1, null);
        engine.answers(ScriptedEngine.FACTS, 2000, 0, 0);
        time.timePasses(HEARTBEAT);

        statuses.awaitAssert(() -> {
            assertNotEquals(before, status().incarnation());
            return true;
        });
        assertEquals(0, status().load().deviceBlocksCached());
        events.restart();
        statuses.awaitAssert(() -> {
            assertEquals(0, events.asked());
            return true;
        });
        events.answer();
        publishAndAwait(2, null);
    }

    @Test
    void anEventStreamThatStartsOverIsAnotherIncarnation() {
        awaitState(WorkerState.READY);
        Incarnation before = status().incarnation();
        events.answer();
        publishAndAwait(1, null);
        events.restart();
        engine.answers(ScriptedEngine.FACTS, 2000, 0, 0);

        events.publish(Payloads.root(2));

        Incarnation after = statuses.awaitAssert(() -> {
            Incarnation now = status().incarnation();
            assertNotEquals(before, now);
            assertEquals(1, status().load().deviceBlocksCached());
            return now;
        });
        int probes = engine.probes.get();
        time.timePasses(HEARTBEAT);
        statuses.awaitAssert(() -> {
            assertTrue(engine.probes.get() > probes);
            return true;
        });
        assertEquals(after, status().incarnation(), "the new start time belongs to it");
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

        assertEquals(WINDOW + 1, router.expectMessageClass(WorkerUpdate.Joined.class).number());
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
        assertEquals(2, router.expectMessageClass(WorkerUpdate.BlocksChanged.class).number());
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

    @Test
    void beforeTheFirstAnswerThereIsNoIncarnation() {
        engine.fails();
        ScriptedEngine silent = new ScriptedEngine();
        silent.fails();
        ActorRef<Worker.Command> joining = kit.kit()
                .spawn(Worker.create(
                        new EngineEndpoint(ID, null, null, 1),
                        settings(),
                        new WorkerPorts(
                                id -> silent,
                                events,
                                new MemoryConversations(),
                                request -> PromptBlocks.empty(2),
                                () -> new Incarnation(0, 0),
                                metrics,
                                System::nanoTime)));

        joining.tell(new Worker.GetStatus(statuses.getRef()));

        Worker.Status status = statuses.receiveMessage();
        assertEquals(WorkerState.JOINING, status.state());
        assertNull(status.incarnation());
        kit.kit().stop(joining);
        events.close();
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

    private void publishAndAwait(int hash, @org.jspecify.annotations.Nullable Integer parent) {
        int before = status().load().deviceBlocksCached();
        events.publish(Payloads.stored(hash, parent));
        statuses.awaitAssert(() -> {
            assertEquals(before + 1, status().load().deviceBlocksCached());
            return true;
        });
    }

    private Worker.Admitted admitted(String turn) {
        worker.tell(new Worker.AdmitTurn(new TurnId(turn), 10, 4, null, null, admissions.getRef()));
        return admissions.expectMessageClass(Worker.Admitted.class);
    }

    private Worker.AdmissionRefused refusal(String turn, int inputTokens) {
        worker.tell(new Worker.AdmitTurn(new TurnId(turn), inputTokens, 4, null, null, admissions.getRef()));
        return admissions.expectMessageClass(Worker.AdmissionRefused.class);
    }

    private Worker.Status status() {
        worker.tell(new Worker.GetStatus(statuses.getRef()));
        return statuses.receiveMessage();
    }

    private Worker.Status awaitState(WorkerState state) {
        return statuses.awaitAssert(() -> {
            Worker.Status status = status();
            assertEquals(state, status.state());
            return status;
        });
    }

    private static long[] hashes(int... tokens) {
        return new BlockHasher(2, HashSalt.NONE).hash(tokens).toArray();
    }

    static WorkerSettings settings() {
        return new WorkerSettings(
                2,
                HEARTBEAT,
                2,
                VALIDITY,
                1.0,
                Duration.ofMillis(50),
                WINDOW,
                20,
                40,
                new FeedSettings(
                        Duration.ofSeconds(3),
                        Duration.ofSeconds(5),
                        100,
                        64,
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(10)),
                new HoldSettings(0.04, 0.5, 100),
                List.of());
    }
}
