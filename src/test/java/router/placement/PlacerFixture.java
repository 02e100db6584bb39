package router.placement;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import inference.TurnId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import kv.CacheOwner;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.PromptBlocks;
import kv.WorkerId;
import router.queue.BusyThreshold;
import router.queue.QueuePolicy;
import router.queue.QueueSettings;
import testkit.PublishedStrategies;
import testkit.Transfers;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** Workers that run two turns at once, and what they hold. */
abstract class PlacerFixture {
    static final long SECOND = 1_000_000_000L;
    static final int BLOCK = 16;
    static final WorkerId A = new WorkerId("http://a");
    static final WorkerId B = new WorkerId("http://b");
    static final Incarnation LIFE = new Incarnation(1, 1);
    static final EngineFacts TWO_SLOTS =
            new EngineFacts(List.of("m"), BLOCK, 100, 8192, 2, 10_000, EngineCapabilities.NONE);

    final NaiveIndex index = new NaiveIndex();

    Placer placer(String strategy) {
        return new Placer(
                index,
                new PlacementSettings(
                        strategy,
                        1,
                        PublishedStrategies.SETTINGS,
                        new QueueSettings(QueuePolicy.FCFS, 0.001, 2, Duration.ofSeconds(30), Duration.ofSeconds(10)),
                        new BusyThreshold(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY),
                        TimingModel.MEASURED,
                        Transfers.MODEL,
                        Duration.ofSeconds(10),
                        new PauseSettings("none", 1, Duration.ZERO, 3, 1.5),
                        60));
    }

    static void join(Placer placer, WorkerId... workers) {
        for (WorkerId worker : workers) {
            placer.join(worker, LIFE, TWO_SLOTS, WorkerState.READY, WorkerLoad.idle(100));
        }
    }

    static RouteRequest request(String turn, long... chain) {
        return request(turn, 0, Set.of(), chain);
    }

    static RouteRequest request(String turn, int strictPriority, Set<WorkerId> excluded, long... chain) {
        PromptBlocks blocks = PromptBlocks.of(BLOCK, chain);
        return new RouteRequest(
                new TurnId(turn),
                "m",
                5,
                blocks,
                blocks.tokens() + 3,
                20,
                0,
                strictPriority,
                null,
                0,
                KeptPrefix.NOTHING,
                AnswerExtras.NONE,
                excluded::contains);
    }

    void hold(WorkerId worker, long... chain) {
        index.apply(new CacheOwner(worker, LIFE, 0), KvEvent.BlocksStored.atRoot(chain, KvTier.DEVICE));
    }

    static WorkerId worker(Decision decision) {
        return assertInstanceOf(Decision.Placed.class, decision).placement().worker();
    }

    static RouteOutcome outcome(Decision decision) {
        return assertInstanceOf(Decision.Refused.class, decision).outcome();
    }
}
