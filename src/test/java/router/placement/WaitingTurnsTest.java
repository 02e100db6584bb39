package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;

import inference.TurnId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import kv.CacheOwner;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.PromptBlocks;
import kv.WorkerId;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
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

/**
 * Passing over turns for which no room was made changes no decision of strategies that take what is free: a placer that looks at
 * the queue each time decides alike. What only time and caches change, as a sibling's prefill or a strategy's choice, is seen within a
 * second.
 */
class WaitingTurnsTest {
    private static final int BLOCK = 16;
    private static final int CAPACITY = 40;
    private static final Incarnation LIFE = new Incarnation(1, 1);
    private static final EngineFacts FACTS =
            new EngineFacts(List.of("m"), BLOCK, CAPACITY, 8192, 3, 10_000, EngineCapabilities.NONE);
    private static final List<WorkerId> WORKERS = List.of(new WorkerId("http://a"), new WorkerId("http://b"));
    /** A turn that no placer knows: its end changes nothing, but makes a placer look as if it might have. */
    private static final TurnId NOBODY = new TurnId("nobody");

    @Property(tries = 400)
    void aPlacerThatPassesOverTurnsWithoutRoomDecidesAsOneThatAlwaysLooks(@ForAll long seed) {
        History history = new History(new Random(seed));
        for (int i = 0; i < 150; i++) {
            history.step();
        }
    }

    private static final class History {
        private final Random random;
        private final NaiveIndex index = new NaiveIndex();
        private final Placer placer;
        private final Placer alwaysLooking;
        private final List<TurnId> turns = new ArrayList<>();
        private final boolean told;
        private int asked;
        private long now;

        History(Random random) {
            this.random = random;
            String strategy =
                    List.of("round-robin", "cache-aware", "least-loaded").get(random.nextInt(3));
            String pauses = List.of("none", "pause-resume", "leases").get(random.nextInt(3));
            // A session that is back may fit once the index says that its context is there.
            told = !pauses.equals("leases");
            QueuePolicy order = random.nextBoolean() ? QueuePolicy.FCFS : QueuePolicy.LCFS;
            placer = placer(strategy, pauses, order);
            alwaysLooking = placer(strategy, pauses, order);
            WORKERS.forEach(
                    worker -> both(one -> one.join(worker, LIFE, FACTS, WorkerState.READY, WorkerLoad.idle(CAPACITY))));
        }

        private Placer placer(String strategy, String pauses, QueuePolicy order) {
            return new Placer(
                    index,
                    new PlacementSettings(
                            strategy,
                            1,
                            PublishedStrategies.SETTINGS,
                            new QueueSettings(order, 0.001, 50, Duration.ofSeconds(200), Duration.ofSeconds(5)),
                            new BusyThreshold(0.9, 1.5),
                            TimingModel.MEASURED,
                            Transfers.MODEL,
                            Duration.ZERO,
                            new PauseSettings(pauses, 0.3, Duration.ofHours(1), 3, 1.5),
                            60));
        }

        private void both(Consumer<Placer> act) {
            act.accept(placer);
            act.accept(alwaysLooking);
        }

        void step() {
            now += random.nextLong(random.nextBoolean() ? 200_000_000L : 4_000_000_000L);
            switch (random.nextInt(6)) {
                case 0, 1 -> route();
                case 2 -> report();
                case 3 -> {
                    TurnId turn = any();
                    both(one -> one.firstToken(turn, now));
                }
                case 4 -> {
                    TurnId turn = any();
                    boolean callsTools = random.nextBoolean();
                    both(one -> one.release(turn, callsTools, now));
                }
                default -> {
                    if (told) {
                        store();
                    }
                }
            }
            alwaysLooking.release(NOBODY, now);
            assertEquals(alwaysLooking.drain(now), placer.drain(now));
            assertEquals(alwaysLooking.waiting(), placer.waiting());
        }

        private void route() {
            TurnId turn = new TurnId("turn-" + asked++);
            turns.add(turn);
            int session = random.nextInt(8);
            long[] chain = chain(session, 1 + random.nextInt(25));
            PromptBlocks blocks = PromptBlocks.of(BLOCK, chain);
            RouteRequest request = new RouteRequest(
                    turn,
                    "m",
                    session,
                    blocks,
                    blocks.tokens() + 3,
                    20,
                    random.nextInt(3),
                    0,
                    random.nextBoolean() ? null : WORKERS.get(random.nextInt(2)),
                    0,
                    KeptPrefix.NOTHING,
                    AnswerExtras.NONE,
                    RouteRequest.NOBODY);
            assertEquals(alwaysLooking.route(request, now, now), placer.route(request, now, now));
        }

        private void report() {
            WorkerId worker = WORKERS.get(random.nextInt(2));
            int used = random.nextInt(CAPACITY + 1);
            WorkerLoad load = new WorkerLoad(random.nextInt(4), 0, used, CAPACITY - used, 0, CAPACITY, 0);
            WorkerState state = random.nextInt(10) == 0 ? WorkerState.DRAINING : WorkerState.READY;
            both(one -> one.update(worker, state, load));
        }

        private void store() {
            WorkerId worker = WORKERS.get(random.nextInt(2));
            long[] chain = chain(random.nextInt(8), 1 + random.nextInt(25));
            index.apply(new CacheOwner(worker, LIFE, 0), KvEvent.BlocksStored.atRoot(chain, KvTier.DEVICE));
        }

        private TurnId any() {
            return turns.isEmpty() ? NOBODY : turns.get(random.nextInt(turns.size()));
        }

        /** Sessions share their first three blocks. */
        private static long[] chain(int session, int blocks) {
            long[] chain = new long[blocks];
            for (int i = 0; i < blocks; i++) {
                chain[i] = i < 3 ? i + 1 : session * 1000L + i;
            }
            return chain;
        }
    }
}
