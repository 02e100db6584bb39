package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import cluster.RetentionConfig;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import kv.CacheOwner;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.PromptBlocks;
import kv.Receipt;
import kv.RetentionClass;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import workers.sim.SimFabric;
import workers.sim.SimRequest;
import workers.sim.SimSettings;
import workers.sim.SimTiers;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;

/** What a simulated worker moves from a device of which turns need nearly all to its host, if its engine has one. */
class WorkerHoldsTest implements SimulatedWorker.Owner {
    private static final int BLOCK = 64;
    private static final int BLOCKS = 100;
    private static final int DEVICE = 1_000;
    private static final double LATER = 100_000;
    private static final LeaseId LEASE = new LeaseId(0, 1);
    private static final Epoch EPOCH = new Epoch(1);
    private static final CacheOwner OWNER =
            new CacheOwner(new WorkerId("http://127.0.0.1:9001"), new Incarnation(0, 1), 0);
    private static final PromptBlocks CHAIN =
            PromptBlocks.of(BLOCK, LongStream.rangeClosed(1, BLOCKS).toArray());

    private final EventQueue events = new EventQueue();
    private final RetentionFigures figures = new RetentionFigures(1);

    /** A worker that holds a prompt on its device, and thinks that its engine has a host. */
    private WorkerHolds held(int hostBlocks) {
        SimulatedWorker engine = new SimulatedWorker(
                0,
                events,
                new SimSettings(BLOCK, DEVICE, 16, 8_192, 60_000),
                TimingModel.MEASURED,
                new SimTiers(hostBlocks, 0, true, 1, 1e9, 1e9, 1e9),
                new SimFabric(0, 1e9),
                this);
        EngineFacts facts = new EngineFacts(
                List.of("sim"),
                BLOCK,
                DEVICE,
                8_192,
                16,
                60_000,
                new EngineCapabilities(true, null, 0, new ColderTiers(DEVICE, 0, true, true, false)));
        WorkerHolds holds = new WorkerHolds(
                OWNER,
                engine,
                new Chains(List.of(CHAIN)),
                facts,
                RetentionConfig.replayed(ConfigFactory.load()),
                figures,
                (worker, change, word, now) -> {
                    throw new AssertionError(change);
                });
        engine.submit(new SimRequest("0", CHAIN.toArray(), BLOCKS * BLOCK + 1, 2, 0), null, 0);
        events.run();
        Hold asked = new Hold(
                LEASE,
                EPOCH,
                new Prefix(BLOCKS, CHAIN.tail()),
                RetentionClass.HISTORY,
                List.of(KvTier.DEVICE, KvTier.HOST),
                50,
                1,
                Duration.ofHours(1));
        assertEquals(new Receipt.Accepted(), holds.hold(asked, 1, CHAIN, LATER));
        holds.admitted(1, DEVICE - BLOCKS, null, LATER);
        return holds;
    }

    private static Optional<Receipt> demote(WorkerHolds holds, long order) {
        return holds.demote(LEASE, EPOCH, order, CHAIN, LATER);
    }

    @Test
    void whatTheEngineMovesIsHeldInTheHost() {
        WorkerHolds holds = held(DEVICE);
        Duration left = Duration.ofHours(1);
        assertEquals(
                Optional.of(
                        new Receipt.Bounded(new Prefix(BLOCKS, CHAIN.tail()), KvTier.HOST, left, Receipt.Reason.RENT)),
                demote(holds, 2));
        assertTrue(demote(holds, 3).isEmpty(), "it is there");
        assertEquals(
                1,
                figures.receipts().values().stream().mapToInt(Integer::intValue).sum());
    }

    @Test
    void whatTheEngineDoesNotMoveWhollyStaysOnTheDevice() {
        for (int hostBlocks : new int[] {0, BLOCKS / 2}) {
            WorkerHolds holds = held(hostBlocks);
            assertTrue(demote(holds, 2).isEmpty(), hostBlocks + " blocks");
            assertTrue(holds.holds(new Prefix(BLOCKS, CHAIN.tail())), hostBlocks + " blocks");
        }
    }

    @Override
    public void onPulled(int turn, int blocks) {}

    @Override
    public void onRemoteLoaded(int turn, int blocks) {}

    @Override
    public void onFirstToken(int turn, int cachedTokens, double nowMillis) {}

    @Override
    public void onFinished(int turn, double nowMillis) {}

    @Override
    public void onRejected(int turn, double nowMillis) {}

    @Override
    public void onPreempted(int turn) {}

    @Override
    public void onStored(int worker, int turn, int firstBlock, KvEvent.BlocksStored event, double nowMillis) {}

    @Override
    public void onMoved(int worker, KvEvent.BlocksStored event, double nowMillis) {}

    @Override
    public void onRemoved(int worker, KvEvent.BlocksRemoved event, double nowMillis) {}

    @Override
    public void onPass(int worker, double nowMillis) {}
}
