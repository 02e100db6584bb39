package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.receptionist.Receptionist;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import kv.Incarnation;
import kv.PromptBlocks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import testkit.MemoryConversations;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerState;

/** What a worker makes of its engine's answers, silence and new starts. */
class WorkerLifeTest extends WorkerFixture {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    WorkerLifeTest() {
        super(kit);
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

        WorkerStatus refused = statuses.awaitAssert(() -> {
            WorkerStatus status = status();
            assertTrue(status.reason().contains("16 tokens"), status.reason());
            return status;
        });
        assertEquals(WorkerState.JOINING, refused.state());
        assertEquals(AdmitReply.RefusalReason.NOT_READY, refusal("t", 1).reason());
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
        assertEquals(AdmitReply.RefusalReason.NOT_READY, refusal("a", 1).reason());

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
                                request -> CompletableFuture.completedStage(PromptBlocks.empty(2)),
                                () -> new Incarnation(0, 0),
                                metrics,
                                System::nanoTime)));

        joining.tell(new Worker.GetStatus(statuses.getRef()));

        WorkerStatus status = statuses.receiveMessage();
        assertEquals(WorkerState.JOINING, status.state());
        assertNull(status.incarnation());
        kit.kit().stop(joining);
        events.close();
    }
}
