package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import cluster.RouterConfig;
import com.typesafe.config.ConfigFactory;
import inference.TurnId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.stream.LongStream;
import kv.Incarnation;
import kv.PromptBlocks;
import kv.WorkerId;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import router.queue.QueueSettings;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** Turns that arrive together with one beginning that nobody has; no event ever says that anybody got it. */
class FanoutTest {
    private static final long MILLI = 1_000_000L;
    private static final int BLOCK = 64;
    private static final int SHARED = 30_000 / BLOCK;
    private static final PlacementSettings SETTINGS = RouterConfig.placement(ConfigFactory.load());
    private static final Incarnation LIFE = new Incarnation(1, 1);
    private static final EngineFacts FACTS =
            new EngineFacts(List.of("m"), BLOCK, 10_000, 8192, 64, 200_000, EngineCapabilities.NONE);

    private static Placer placer(String strategy, int workers) {
        Placer placer = new Placer(new NaiveIndex(), SETTINGS.with(strategy, "none", 1, TimingModel.MEASURED));
        for (int i = 0; i < workers; i++) {
            placer.join(new WorkerId("http://" + i), LIFE, FACTS, WorkerState.READY, WorkerLoad.idle(10_000));
        }
        return placer;
    }

    /** A prompt of shared blocks, then some of its own. */
    private static RouteRequest sibling(int number, int sharedBlocks, int ownBlocks) {
        long[] chain = LongStream.concat(
                        LongStream.range(1, 1 + sharedBlocks),
                        LongStream.range(0, ownBlocks).map(i -> 1_000_000L * (number + 1) + i))
                .toArray();
        PromptBlocks blocks = PromptBlocks.of(BLOCK, chain);
        return new RouteRequest(
                new TurnId("t" + number),
                "m",
                number,
                blocks,
                blocks.tokens(),
                200,
                0,
                0,
                null,
                0,
                KeptPrefix.NOTHING,
                AnswerExtras.NONE,
                RouteRequest.NOBODY);
    }

    private static Placement placed(Decision decision) {
        return assertInstanceOf(Decision.Placed.class, decision).placement();
    }

    private static List<Placement> drained(Placer placer, long nowNanos) {
        return placer.drain(nowNanos).stream()
                .map(resolved -> placed(resolved.decision()))
                .toList();
    }

    @Test
    void siblingsWaitForTheFirstAndThenUseWhatItComputed() {
        Placer placer = placer("joint", 4);
        WorkerId first = placed(placer.route(sibling(0, SHARED, 3), 0, 0)).worker();
        for (int i = 1; i < 8; i++) {
            assertInstanceOf(Decision.Queued.class, placer.route(sibling(i, SHARED, 3), i, i));
        }
        assertEquals(List.of(), drained(placer, 100 * MILLI));

        placer.firstToken(new TurnId("t0"), 1_000 * MILLI);
        List<Placement> rest = drained(placer, 1_000 * MILLI);

        assertEquals(7, rest.size());
        for (Placement placement : rest) {
            assertEquals(first, placement.worker());
            assertEquals(SHARED * BLOCK, placement.expectedCachedTokens());
        }
    }

    /** A worker has the shared beginning and computes what is behind it, of another turn. */
    private static Placer computingBehindTheirBeginning() {
        Placer placer = placer("joint", 1);
        placer.route(sibling(0, SHARED, 3), 0, 0);
        placer.firstToken(new TurnId("t0"), 1);
        placer.route(sibling(1, SHARED, SHARED), 2, 2);
        return placer;
    }

    @Test
    void aTurnRatherWaitsForABusyWorkerThatHasItsBeginningThanComputesItAgain() {
        Placer placer = computingBehindTheirBeginning();
        placer.join(new WorkerId("http://idle"), LIFE, FACTS, WorkerState.READY, WorkerLoad.idle(10_000));

        assertInstanceOf(Decision.Queued.class, placer.route(sibling(2, SHARED, 3), 3, 3));
        placer.firstToken(new TurnId("t1"), 100 * MILLI);

        Placement placement = drained(placer, 100 * MILLI).get(0);
        assertEquals(new WorkerId("http://0"), placement.worker());
        assertEquals(SHARED * BLOCK, placement.expectedCachedTokens());
    }

    @Test
    void nobodyIsHeldBackWhoseBeginningIsWhereHeGoes() {
        Placer placer = computingBehindTheirBeginning();

        Placement placement = placed(placer.route(sibling(2, SHARED, 3), 3, 3));

        assertEquals(SHARED * BLOCK, placement.expectedCachedTokens());
    }

    @Test
    void oneOfThemGoesOnWhenTheFirstGivesUp() {
        Placer placer = placer("joint", 4);
        placer.route(sibling(0, SHARED, 3), 0, 0);
        placer.route(sibling(1, SHARED, 3), 1, 1);
        placer.route(sibling(2, SHARED, 3), 2, 2);

        placer.release(new TurnId("t0"), 5);

        assertEquals(1, drained(placer, 5).size());
        assertEquals(1, placer.waiting());
    }

    @Test
    void aSiblingGoesElsewhereWhenTheFirstIsStuckBehindOthers() {
        Placer placer = placer("joint", 1);
        for (int i = 10; i < 16; i++) {
            placer.route(sibling(i, 0, 3 * SHARED), 0, 0);
        }
        placer.route(sibling(0, SHARED, 3), 0, 0);
        WorkerId idle = new WorkerId("http://idle");
        placer.join(idle, LIFE, FACTS, WorkerState.READY, WorkerLoad.idle(10_000));

        assertEquals(idle, placed(placer.route(sibling(1, SHARED, 3), 1, 1)).worker());
    }

    @Test
    void nobodyWaitsLongerThanTheLimit() {
        Placer placer = placer("joint", 2);
        placer.route(sibling(0, SHARED, 3), 0, 0);
        long arrival = 7 * MILLI;
        placer.route(sibling(1, SHARED, 3), arrival, arrival);
        long limit = arrival + SETTINGS.fanoutMaxWait().toNanos();

        assertEquals(List.of(), drained(placer, limit - 1));
        assertEquals(limit, placer.nextDrainNanos(limit - 1).orElseThrow());

        assertEquals(1, drained(placer, limit).size());
        assertTrue(placer.nextDrainNanos(limit).isEmpty());
    }

    @Test
    void aShortCommonBeginningHoldsNobodyBack() {
        Placer placer = placer("joint", 4);
        placer.route(sibling(0, 1, SHARED), 0, 0);
        placed(placer.route(sibling(1, 1, SHARED), 0, 0));
    }

    @Test
    void publishedStrategiesDoAsPublished() {
        for (String strategy : List.of("round-robin", "least-loaded", "dynamo-cost", "cache-aware")) {
            Placer placer = placer(strategy, 4);
            placer.route(sibling(0, SHARED, 3), 0, 0);
            placed(placer.route(sibling(1, SHARED, 3), 0, 0));
        }
    }

    @Test
    void whoeverCannotBeQueuedIsNotHeldBack() {
        PlacementSettings full = new PlacementSettings(
                "joint",
                1,
                SETTINGS.strategies(),
                new QueueSettings(
                        SETTINGS.queue().policy(),
                        0,
                        0,
                        SETTINGS.queue().maxWait(),
                        SETTINGS.queue().refreshAfter()),
                SETTINGS.busy(),
                TimingModel.MEASURED,
                SETTINGS.transfers(),
                SETTINGS.fanoutMaxWait(),
                new PauseSettings("none", 1, Duration.ZERO, 3, 1.5),
                SETTINGS.rateWindowSeconds());
        Placer placer = new Placer(new NaiveIndex(), full);
        placer.join(new WorkerId("http://0"), LIFE, FACTS, WorkerState.READY, WorkerLoad.idle(10_000));
        placer.route(sibling(0, SHARED, 3), 0, 0);
        placed(placer.route(sibling(1, SHARED, 3), 0, 0));
    }

    /** Workers prefill what they are given one after the other, as long as the model says. */
    @Property(tries = 200)
    void whateverTheirArrivalsSiblingsComputeTheirBeginningOnce(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 8) int workers) {
        Random random = new Random(seed);
        Placer placer = placer("joint", workers);
        PriorityQueue<Event> events = new PriorityQueue<>(Comparator.comparingLong(Event::atNanos));
        for (int i = 0; i < 8; i++) {
            events.add(new Event(random.nextInt(400) * MILLI, i, false));
        }
        List<Placement> placements = new ArrayList<>();
        long[] busyUntil = new long[workers];
        while (!events.isEmpty()) {
            Event event = events.poll();
            long now = event.atNanos();
            if (event.token()) {
                placer.firstToken(new TurnId("t" + event.sibling()), now);
            } else if (placer.route(sibling(event.sibling(), SHARED, 3), now, now) instanceof Decision.Placed placed) {
                placements.add(placed.placement());
                events.add(prefilled(placed.placement(), event.sibling(), busyUntil, now));
            }
            for (Resolved resolved : placer.drain(now)) {
                Placement placement = placed(resolved.decision());
                placements.add(placement);
                int sibling = Integer.parseInt(resolved.turn().value().substring(1));
                events.add(prefilled(placement, sibling, busyUntil, now));
            }
        }
        assertEquals(8, placements.size());
        assertEquals(
                1,
                placements.stream()
                        .filter(placement -> placement.expectedCachedTokens() < SHARED * BLOCK)
                        .count());
    }

    private record Event(long atNanos, int sibling, boolean token) {}

    private static Event prefilled(Placement placement, int sibling, long[] busyUntil, long now) {
        int worker = Integer.parseInt(placement.worker().url().substring("http://".length()));
        int cached = placement.expectedCachedTokens();
        double millis = TimingModel.MEASURED.passMillis()
                + TimingModel.MEASURED.prefillMillis((SHARED + 3) * BLOCK - cached, cached);
        busyUntil[worker] = Math.max(now, busyUntil[worker]) + (long) (millis * MILLI);
        return new Event(busyUntil[worker], sibling, true);
    }
}
