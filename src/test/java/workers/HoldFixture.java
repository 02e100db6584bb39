package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import kv.BlockHasher;
import kv.Epoch;
import kv.HashSalt;
import kv.Hold;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.RetentionClass;
import kv.SequenceHash;
import kv.WorkerId;
import metrics.Metrics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import testkit.ActorTestKitExtension;
import testkit.MemoryConversations;
import workers.status.WorkerState;

/**
 * A worker whose budget for holds is 4 blocks of the engine's 100. Blocks have 2 tokens; block n follows block n - 1, and 11 follows 1.
 */
abstract class HoldFixture {
    private final ActorTestKitExtension kit;
    static final WorkerId ID = new WorkerId("http://127.0.0.1:9001");
    static final Duration LONG = Duration.ofSeconds(60);

    long orders;
    final ManualTime time;
    final AtomicLong nanos = new AtomicLong();
    final ScriptedEngine engine = new ScriptedEngine();
    final ScriptedEvents events = new ScriptedEvents();
    private final AtomicLong lives = new AtomicLong();
    final MemoryConversations conversations = new MemoryConversations();
    final Metrics metrics = new Metrics();
    final TestProbe<WorkerStatus> statuses;
    final TestProbe<RetentionNews> keeper;
    ActorRef<Worker.Command> worker;

    HoldFixture(ActorTestKitExtension kit) {
        this.kit = kit;
        this.time = ManualTime.get(kit.kit().system());
        this.statuses = kit.kit().createTestProbe();
        this.keeper = kit.kit().createTestProbe();
    }

    @BeforeEach
    void start() {
        engine.answers(ScriptedEngine.HOLDING, 1000, 0, 0);
        worker = spawn();
        awaitEvents();
    }

    @AfterEach
    void stop() {
        kit.kit().stop(worker);
    }

    ActorRef<Worker.Command> spawn() {
        return kit.kit()
                .spawn(Worker.create(
                        new EngineEndpoint(ID, "tcp://x:1", "tcp://x:2", 1),
                        WorkerFixture.settings(),
                        new WorkerPorts(
                                id -> engine,
                                events,
                                conversations,
                                request -> CompletableFuture.completedStage(
                                        new BlockHasher(2, HashSalt.NONE).hash(tokens(2))),
                                () -> new Incarnation(0, lives.incrementAndGet()),
                                metrics,
                                nanos::get)));
    }

    void awaitEvents() {
        await(() -> assertEquals(WorkerState.READY, status().state()));
        await(() -> assertEquals(0, events.asked()));
        events.answer();
    }

    /** The engine computes blocks 1 to a number. */
    void compute(int last) {
        events.publish(Payloads.root(1));
        branch(2, last);
    }

    /** The engine computes more blocks, each behind the one before it; block 11 follows block 1. */
    void branch(int first, int last) {
        for (int block = first; block <= last; block++) {
            events.publish(Payloads.stored(block, parent(block)));
        }
        int expected = last > 10 ? 3 + last - 10 : last;
        await(() -> assertEquals(expected, status().load().deviceBlocksCached()));
    }

    private static int parent(int block) {
        return block == 11 ? 1 : block - 1;
    }

    Receipt hold(int lease, int lastBlock, double density, Duration remaining) {
        tell(asked(lease, lastBlock, density, remaining));
        return answer();
    }

    void tell(Hold hold) {
        worker.tell(new Worker.HoldPrefix(hold, incarnation(), ++orders, keeper.getRef()));
    }

    Receipt answer() {
        return keeper.expectMessageClass(RetentionNews.HoldAnswered.class).receipt();
    }

    static Hold asked(int lease, int lastBlock, double density, Duration remaining) {
        return new Hold(
                new LeaseId(0, lease),
                new Epoch(7),
                prefix(lastBlock),
                RetentionClass.HISTORY,
                List.of(KvTier.DEVICE, KvTier.HOST),
                50,
                density,
                remaining);
    }

    private static int[] tokens(int lastBlock) {
        int[] tokens = new int[0];
        for (int block = lastBlock; block > 0; block = parent(block)) {
            int[] longer = new int[tokens.length + 2];
            longer[0] = block;
            longer[1] = 7;
            System.arraycopy(tokens, 0, longer, 2, tokens.length);
            tokens = longer;
        }
        return tokens;
    }

    static Prefix prefix(int lastBlock) {
        long[] hashes =
                new BlockHasher(2, HashSalt.NONE).hash(tokens(lastBlock)).toArray();
        return new Prefix(hashes.length, new SequenceHash(hashes[hashes.length - 1]));
    }

    Incarnation incarnation() {
        return Objects.requireNonNull(status().incarnation());
    }

    WorkerStatus status() {
        worker.tell(new Worker.GetStatus(statuses.getRef()));
        return statuses.receiveMessage();
    }

    void pass(Duration duration) {
        nanos.addAndGet(duration.toNanos());
        time.timePasses(duration);
    }

    void await(Runnable assertion) {
        statuses.awaitAssert(() -> {
            assertion.run();
            return true;
        });
    }
}
