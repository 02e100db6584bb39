package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import inference.TurnId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import kv.Incarnation;
import kv.PromptBlocks;
import kv.WorkerId;
import metrics.Metrics;
import org.junit.jupiter.api.AfterEach;
import testkit.ActorTestKitExtension;
import testkit.MemoryConversations;
import workers.status.WorkerState;

/** A worker whose engine and events are scripted: two turns at once, and a router gets 4 updates before it acknowledges. */
abstract class WorkerFixture {
    static final WorkerId ID = new WorkerId("http://127.0.0.1:9001");
    static final Duration HEARTBEAT = Duration.ofSeconds(1);
    static final Duration VALIDITY = Duration.ofSeconds(10);
    static final int WINDOW = 4;

    private final ActorTestKitExtension kit;
    final ManualTime time;
    final ScriptedEngine engine = new ScriptedEngine();
    final ScriptedEvents events = new ScriptedEvents();
    final Metrics metrics = new Metrics();
    final TestProbe<AdmitReply> admissions;
    final TestProbe<WorkerStatus> statuses;
    private final AtomicLong lives = new AtomicLong();
    final ActorRef<Worker.Command> worker;

    WorkerFixture(ActorTestKitExtension kit) {
        this.kit = kit;
        this.time = ManualTime.get(kit.kit().system());
        this.admissions = kit.kit().createTestProbe();
        this.statuses = kit.kit().createTestProbe();
        this.worker = kit.kit()
                .spawn(Worker.create(
                        new EngineEndpoint(ID, "tcp://x:1", "tcp://x:2", 1),
                        settings(),
                        new WorkerPorts(
                                id -> engine,
                                events,
                                new MemoryConversations(),
                                request -> CompletableFuture.completedStage(PromptBlocks.empty(2)),
                                () -> new Incarnation(0, lives.incrementAndGet()),
                                metrics,
                                System::nanoTime)));
    }

    @AfterEach
    void stop() {
        kit.kit().stop(worker);
        assertTrue(events.closed(), "its source ends with it");
    }

    void publishAndAwait(int hash, @org.jspecify.annotations.Nullable Integer parent) {
        int before = status().load().deviceBlocksCached();
        events.publish(Payloads.stored(hash, parent));
        statuses.awaitAssert(() -> {
            assertEquals(before + 1, status().load().deviceBlocksCached());
            return true;
        });
    }

    AdmitReply.Admitted admitted(String turn) {
        worker.tell(new Worker.AdmitTurn(new TurnId(turn), 10, 4, null, null, admissions.getRef()));
        return admissions.expectMessageClass(AdmitReply.Admitted.class);
    }

    AdmitReply.Refused refusal(String turn, int inputTokens) {
        worker.tell(new Worker.AdmitTurn(new TurnId(turn), inputTokens, 4, null, null, admissions.getRef()));
        return admissions.expectMessageClass(AdmitReply.Refused.class);
    }

    WorkerStatus status() {
        worker.tell(new Worker.GetStatus(statuses.getRef()));
        return statuses.receiveMessage();
    }

    WorkerStatus awaitState(WorkerState state) {
        return statuses.awaitAssert(() -> {
            WorkerStatus status = status();
            assertEquals(state, status.state());
            return status;
        });
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
