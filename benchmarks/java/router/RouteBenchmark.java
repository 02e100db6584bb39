package router;

import cluster.RouterConfig;
import com.typesafe.config.ConfigFactory;
import inference.TurnId;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import kv.BlockHasher;
import kv.Fleet;
import kv.HashSalt;
import kv.MapIndex;
import kv.PrefixIndex;
import kv.PromptBlocks;
import kv.RunPrefixIndex;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import router.placement.Decision;
import router.placement.KeptPrefix;
import router.placement.Placement;
import router.placement.Placer;
import router.placement.RouteRequest;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * Whole route decisions for turns of 100,000 tokens over 64 workers: index, load, strategy and the turn's own account, by
 * the placer that routers use and with the settings in application.conf.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgs = {"-Xms3g", "-Xmx3g", "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2"})
public class RouteBenchmark {

    /** A fleet in full swing: every cache is full, and turns start and end at an even pace. */
    @State(Scope.Benchmark)
    public static class Traffic {
        private static final int BLOCK_TOKENS = 16;
        private static final int DEVICE_BLOCKS = 130_000;
        private static final int TURNS_PER_WORKER = 4;
        private static final int TURNS = Fleet.WORKERS * TURNS_PER_WORKER;
        private static final long PACE_NANOS = 10_000_000;
        private static final int PREFILLING_TURNS = 12;
        private static final WorkerLoad LOAD = load();

        @Param({"joint", "dynamo-cost"})
        public String strategy = "";

        /** {@code runs}: the index; {@code map}: every block looked up; {@code mapJumps}: every 32nd. */
        @Param({"runs", "map", "mapJumps"})
        public String structure = "";

        @Param("1000")
        public int sessions;

        private final Fleet fleet = new Fleet();
        private RouteRequest[] requests = {};
        private Placement[] placements = {};
        private Placer placer = placer(new RunPrefixIndex(), "joint");
        private int started;

        @Setup
        public void fill() {
            PrefixIndex index =
                    switch (structure) {
                        case "runs" -> new RunPrefixIndex();
                        case "map" -> new MapIndex(fleet, 1);
                        case "mapJumps" -> new MapIndex(fleet, 32);
                        default -> throw new IllegalArgumentException(structure);
                    };
            fleet.fill(sessions, index);
            placer = placer(index, strategy);
            int[] order = shuffled();
            requests = new RouteRequest[sessions];
            Arrays.setAll(requests, i -> request(order[i]));
            placements = new Placement[sessions];
            for (int i = 0; i < sessions; i++) {
                Placement placement = turn();
                int session = order[i];
                int worker = worker(placement);
                if (placement.expectedCachedTokens() != fleet.held(worker, session) * BLOCK_TOKENS) {
                    throw new IllegalStateException(structure + " says " + placement + " of session " + session);
                }
            }
        }

        /** One more turn is placed; one has its first token, one ends, and that one's worker reports its load. */
        Placement turn() {
            int at = started % sessions;
            long now = started * PACE_NANOS;
            if (!(placer.route(requests[at], now, now) instanceof Decision.Placed placed)) {
                throw new IllegalStateException("a turn was not placed");
            }
            placements[at] = placed.placement();
            if (started >= PREFILLING_TURNS) {
                placer.firstToken(requests[(started - PREFILLING_TURNS) % sessions].turn(), now);
            }
            if (started >= TURNS) {
                int over = (started - TURNS) % sessions;
                placer.release(requests[over].turn(), now);
                placer.update(placements[over].worker(), WorkerState.READY, LOAD);
                placer.drain(now);
            }
            started++;
            return placed.placement();
        }

        private RouteRequest request(int session) {
            SplittableRandom random = new SplittableRandom(-1 - session);
            long[] fresh = random.longs(Fleet.TURN_BLOCKS).toArray();
            PromptBlocks blocks =
                    PromptBlocks.of(BLOCK_TOKENS, fleet.chain(session)).append(fresh, fresh.length);
            return new RouteRequest(
                    new TurnId("turn-of-session-" + session),
                    "model",
                    session,
                    blocks,
                    blocks.tokens() + BLOCK_TOKENS / 2,
                    500,
                    0,
                    0,
                    fleet.owner(session % Fleet.WORKERS).worker(),
                    Fleet.SESSION_BLOCKS,
                    KeptPrefix.NOTHING,
                    AnswerExtras.NONE,
                    RouteRequest.NOBODY);
        }

        private int[] shuffled() {
            SplittableRandom random = new SplittableRandom(7);
            int[] order = new int[sessions];
            for (int i = 0; i < sessions; i++) {
                int at = random.nextInt(i + 1);
                order[i] = order[at];
                order[at] = i;
            }
            return order;
        }

        private int worker(Placement placement) {
            for (int worker = 0; worker < Fleet.WORKERS; worker++) {
                if (fleet.owner(worker).worker().equals(placement.worker())) {
                    return worker;
                }
            }
            throw new IllegalStateException("unknown worker in " + placement);
        }

        private Placer placer(PrefixIndex index, String name) {
            Placer made = new Placer(
                    index, RouterConfig.placement(ConfigFactory.load()).with(name, "none", 1, TimingModel.MEASURED));
            EngineFacts facts = new EngineFacts(
                    List.of("model"), BLOCK_TOKENS, DEVICE_BLOCKS, 8_192, 256, 200_000, EngineCapabilities.NONE);
            for (int worker = 0; worker < Fleet.WORKERS; worker++) {
                made.join(
                        fleet.owner(worker).worker(),
                        fleet.owner(worker).incarnation(),
                        facts,
                        WorkerState.READY,
                        LOAD);
            }
            return made;
        }

        private static WorkerLoad load() {
            int used = TURNS_PER_WORKER * (Fleet.SESSION_BLOCKS + Fleet.TURN_BLOCKS);
            return new WorkerLoad(TURNS_PER_WORKER, 0, used, DEVICE_BLOCKS - used, 0, DEVICE_BLOCKS, 0);
        }
    }

    /** A turn of a known session, whose new blocks are hashed here. */
    @State(Scope.Benchmark)
    public static class NewTokens {
        private final BlockHasher hasher = new BlockHasher(Traffic.BLOCK_TOKENS, HashSalt.NONE);
        private final int[] tokens = new SplittableRandom(1)
                .ints((long) Fleet.TURN_BLOCKS * Traffic.BLOCK_TOKENS, 0, 200_000)
                .toArray();
        private PromptBlocks known = hasher.hash(tokens);

        /** Extends a session that grows to the size of the fleet's and starts again. */
        void hash() {
            PromptBlocks prefix = known.size() < Fleet.SESSION_BLOCKS ? known : known.prefix(Fleet.TURN_BLOCKS);
            known = hasher.extend(prefix, tokens, 0, tokens.length);
        }
    }

    @Benchmark
    public Placement decision(Traffic traffic) {
        return traffic.turn();
    }

    @Benchmark
    public Placement decisionWithHashingOf64Blocks(Traffic traffic, NewTokens tokens) {
        tokens.hash();
        return traffic.turn();
    }
}
