package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import cluster.RouterConfig;
import com.typesafe.config.ConfigFactory;
import inference.PlacementReason;
import inference.TurnId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import kv.CacheOwner;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.PromptBlocks;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import router.retention.Holder;
import workers.status.AnswerExtras;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** Prompts that lie in colder tiers and in other engines. */
class TieredPlacementTest {
    private static final int BLOCK = 64;
    private static final int BLOCKS = 500;
    private static final Incarnation LIFE = new Incarnation(1, 1);
    private static final WorkerId BUSY = new WorkerId("http://busy");
    private static final WorkerId IDLE = new WorkerId("http://idle");
    private static final ColderTiers PULLING = new ColderTiers(10_000, 0, true, true, true);

    private final NaiveIndex index = new NaiveIndex();

    private Placer placer(String links, ColderTiers tiers) {
        Placer placer = new Placer(
                index,
                RouterConfig.placement(ConfigFactory.parseMap(Map.of(
                                        "holdfast.router.links.network-rate",
                                        links,
                                        "holdfast.router.links.host-rate",
                                        links))
                                .withFallback(ConfigFactory.load()))
                        .with("joint", "none", 1, TimingModel.MEASURED));
        for (WorkerId worker : List.of(BUSY, IDLE)) {
            EngineFacts facts = new EngineFacts(
                    List.of("m"), BLOCK, 10_000, 8192, 64, 200_000, new EngineCapabilities(true, null, 0, tiers));
            placer.join(worker, LIFE, facts, WorkerState.READY, WorkerLoad.idle(10_000));
        }
        return placer;
    }

    private void stored(WorkerId worker, KvTier tier) {
        index.apply(
                new CacheOwner(worker, LIFE, 0),
                KvEvent.BlocksStored.atRoot(LongStream.range(1, 1 + BLOCKS).toArray(), tier));
    }

    /** The prompt that some worker has and, for other numbers, others that nobody has. */
    private static RouteRequest turn(int number, WorkerId... excluded) {
        PromptBlocks blocks = PromptBlocks.of(
                BLOCK,
                LongStream.range(1, 1 + BLOCKS)
                        .map(i -> 1_000_000L * number + i)
                        .toArray());
        return new RouteRequest(
                new TurnId("t" + number),
                "m",
                number,
                blocks,
                blocks.tokens() + 3,
                200,
                0,
                0,
                null,
                0,
                KeptPrefix.NOTHING,
                AnswerExtras.NONE,
                Set.of(excluded)::contains);
    }

    private static Placement placed(Decision decision) {
        return assertInstanceOf(Decision.Placed.class, decision).placement();
    }

    /** Gives the holder of the prompt prefills to do, and says where the prompt goes then. */
    private static Placement placedWhileItsHolderComputes(Placer placer) {
        for (int other = 1; other <= 4; other++) {
            RouteRequest foreign = turn(other, IDLE);
            assertEquals(BUSY, placed(placer.route(foreign, 0, 0)).worker());
        }
        return placed(placer.route(leased(), 0, 0));
    }

    @Test
    void aTurnWhoseHolderIsBusyTakesItsPromptWithIt() {
        stored(BUSY, KvTier.DEVICE);
        Placement placement = placedWhileItsHolderComputes(placer("64 GB", PULLING));
        assertEquals(IDLE, placement.worker());
        assertEquals(BUSY, placement.pullFrom());
        assertEquals(PlacementReason.PULLED, placement.reason());
    }

    @Test
    void nothingIsPulledOverALinkThatIsSlowerThanComputing() {
        stored(BUSY, KvTier.DEVICE);
        assertNull(placedWhileItsHolderComputes(placer("1 MiB", PULLING)).pullFrom());
    }

    @Test
    void nothingIsPulledByEnginesThatCannot() {
        stored(BUSY, KvTier.DEVICE);
        assertNull(
                placedWhileItsHolderComputes(placer("64 GB", ColderTiers.NONE)).pullFrom());
    }

    @Test
    void aSessionLeavesADrainingWorkerAtOnceWhereOthersPullFromIt() {
        stored(BUSY, KvTier.DEVICE);
        Placement pulled = placed(draining(PULLING).route(leased(), 0, 0));
        assertEquals(IDLE, pulled.worker());
        assertEquals(BUSY, pulled.pullFrom());

        Placement stayed = placed(draining(ColderTiers.NONE).route(leased(), 0, 0));
        assertEquals(BUSY, stayed.worker(), "elsewhere it would be computed anew");
        assertNull(stayed.pullFrom());
    }

    private Placer draining(ColderTiers tiers) {
        Placer placer = placer("64 GB", tiers);
        placer.update(BUSY, WorkerState.DRAINING, WorkerLoad.idle(10_000));
        return placer;
    }

    /** The turn whose prompt is held by the busy worker. */
    private static RouteRequest leased() {
        RouteRequest turn = turn(0);
        Holder holder = new Holder(BUSY, LIFE, BLOCKS);
        return new RouteRequest(
                turn.turn(),
                turn.model(),
                turn.affinity(),
                turn.blocks(),
                turn.inputTokens(),
                turn.expectedOutputTokens(),
                0,
                0,
                BUSY,
                BLOCKS,
                new KeptPrefix(List.of(holder), List.of()),
                AnswerExtras.NONE,
                RouteRequest.NOBODY);
    }

    @Test
    void aPromptInTheHostIsWorthItsLoad() {
        stored(BUSY, KvTier.HOST);
        stored(IDLE, KvTier.DEVICE);
        assertEquals(
                IDLE,
                placed(placer("64 GB", ColderTiers.NONE).route(turn(0), 0, 0)).worker());
    }
}
