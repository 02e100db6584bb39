package workers.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import kv.KvTier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import workers.status.TimingModel;

/** Two engines with random tiers and one store between them, random requests and random moves. */
class TierMovesPropertyTest {

    @Property(tries = 1500)
    void everyTierIsWhatItsEventsSayAndEveryRequestEndsOnce(@ForAll long seed) {
        Run run = new Run(seed, false);
        run.toTheEnd();
        for (int i = 0; i < run.workload.arrivals().size(); i++) {
            String id = run.workload.arrivals().get(i).request().id();
            RecordingListener heard = run.heard.get(i % 2);
            assertEquals(1, heard.endings.getOrDefault(id, 0), () -> id + " ends once");
        }
        for (SimulatedEngine engine : run.engines) {
            assertEquals(0, engine.load().deviceBlocksUsed(), "nothing is under way any more");
            assertEquals(Double.POSITIVE_INFINITY, engine.nextArrivalMillis());
        }
    }

    @Property(tries = 700)
    void advancingIsSteppingInLargerStridesWithTransfersUnderWay(@ForAll long seed) {
        Run stepped = new Run(seed, false);
        Run advanced = new Run(seed, true);
        stepped.toTheEnd();
        advanced.toTheEnd();
        for (int i = 0; i < 2; i++) {
            // Within one stride tokens come request by request, so only the order between requests may differ.
            assertEquals(sorted(stepped.heard.get(i)), sorted(advanced.heard.get(i)));
        }
    }

    private static List<String> sorted(RecordingListener heard) {
        return heard.log.stream().sorted().toList();
    }

    private static final class Run {
        final SimWorkload workload;
        final List<SimulatedEngine> engines = new ArrayList<>();
        final List<RecordingListener> heard = List.of(new RecordingListener(), new RecordingListener());
        private final boolean strides;
        private final Set<Long> hashes = new HashSet<>();
        private final SimFabric fabric;
        private final List<Planned> planned = new ArrayList<>();
        /** When an engine's pass is over. */
        private final double[] free = new double[2];

        private record Planned(double atMillis, Act act) {}

        private interface Act {
            void at(double nowMillis);
        }

        Run(long seed, boolean strides) {
            this.strides = strides;
            workload = SimWorkload.random(seed);
            Random random = new Random(seed);
            fabric = new SimFabric(random.nextBoolean() ? 0 : 5 + random.nextInt(40), 20_000);
            SimTiers tiers = new SimTiers(
                    random.nextInt(3) == 0 ? 0 : 3 + random.nextInt(40),
                    random.nextInt(2) == 0 ? 0 : 3 + random.nextInt(40),
                    random.nextInt(4) > 0,
                    1 + random.nextInt(50),
                    14_000,
                    7_000,
                    20_000);
            heard.get(0).shares(heard.get(1));
            heard.get(1).shares(heard.get(0));
            for (RecordingListener listener : heard) {
                engines.add(new SimulatedEngine(workload.settings(), TimingModel.MEASURED, tiers, fabric, listener));
            }
            for (int i = 0; i < workload.arrivals().size(); i++) {
                SimWorkload.Arrival arrival = workload.arrivals().get(i);
                SimulatedEngine engine = engines.get(i % 2);
                for (long hash : arrival.request().sequenceHashes()) {
                    hashes.add(hash);
                }
                planned.add(new Planned(arrival.timeMillis(), now -> engine.submit(arrival.request(), now)));
                for (int moves = random.nextInt(4); moves > 0; moves--) {
                    planned.add(move(random, arrival));
                }
            }
            planned.sort(Comparator.comparingDouble(Planned::atMillis));
        }

        private Planned move(Random random, SimWorkload.Arrival near) {
            SimulatedEngine engine = engines.get(random.nextInt(2));
            SimulatedEngine other = engine == engines.get(0) ? engines.get(1) : engines.get(0);
            long[] chain = near.request().sequenceHashes();
            KvTier tier = List.of(KvTier.values()).get(random.nextInt(4));
            double at = near.timeMillis() + random.nextInt(300);
            String id = "h" + random.nextInt(3);
            double density = random.nextInt(3);
            Act act =
                    switch (random.nextInt(6)) {
                        case 0 -> now -> engine.demote(chain, tier, now);
                        case 1 -> now -> engine.prefetch(chain, now);
                        case 2 -> now -> engine.pull(id, chain, other, now);
                        case 3 -> now -> engine.abortPull(id, now);
                        case 4 -> now -> engine.release(id);
                        default -> now -> engine.hold(new SimHold(id, chain, tier, density, now + 200), now);
                    };
            return new Planned(at, act);
        }

        void toTheEnd() {
            for (int turns = 0; ; turns++) {
                assertTrue(turns < 200_000, "the engines do not come to an end");
                double now = planned.isEmpty()
                        ? Double.POSITIVE_INFINITY
                        : planned.get(0).atMillis();
                int next = -1;
                for (int i = 0; i < 2; i++) {
                    double wakes = wakes(i);
                    if (wakes < now) {
                        now = wakes;
                        next = i;
                    }
                }
                if (now == Double.POSITIVE_INFINITY) {
                    return;
                }
                if (next < 0) {
                    planned.remove(0).act().at(now);
                } else {
                    run(next, now);
                }
                check(now);
            }
        }

        private double wakes(int engine) {
            double wakes = engines.get(engine).stalled() ? engines.get(engine).nextArrivalMillis() : 0;
            return Math.max(wakes, free[engine]);
        }

        private void run(int number, double now) {
            SimulatedEngine engine = engines.get(number);
            engine.settle(now);
            if (!engine.stalled()) {
                double until = planned.isEmpty()
                        ? Double.POSITIVE_INFINITY
                        : planned.get(0).atMillis();
                free[number] =
                        strides ? engine.advance(now, Math.min(until, wakes(1 - number))) : now + engine.step(now);
            } else {
                free[number] = now;
            }
        }

        private void check(double now) {
            engines.forEach(engine -> engine.settle(now));
            for (int i = 0; i < 2; i++) {
                for (KvTier tier : KvTier.values()) {
                    if (tier != KvTier.REMOTE) {
                        assertEquals(known(i, tier), heard.get(i).in(tier), tier + " is what its events say");
                        assertTrue(engines.get(i).held(tier) <= engines.get(i).blocks(tier));
                    }
                }
                long[] all = hashes.stream().mapToLong(Long::longValue).toArray();
                for (long hash : all) {
                    if (engines.get(i).pool().holds(hash)) {
                        int block = engines.get(i).pool().block(hash);
                        long parent = engines.get(i).pool().parentHash(block);
                        assertTrue(engines.get(i).pool().holds(parent), "on the device no child outlives its parent");
                    }
                }
            }
            Set<Long> remote = new HashSet<>(heard.get(0).in(KvTier.REMOTE));
            for (long hash : heard.get(1).in(KvTier.REMOTE)) {
                assertTrue(remote.add(hash), "a block is in the store once");
            }
            ColdTier store = fabric.store;
            assertEquals(store == null ? 0 : store.blocks(), remote.size());
            remote.forEach(hash -> assertTrue(store != null && store.contains(hash)));
        }

        private Set<Long> known(int engine, KvTier tier) {
            Set<Long> known = new HashSet<>();
            BlockPool pool = engines.get(engine).pool(tier);
            for (long hash : hashes) {
                if (pool != null && pool.holds(hash)) {
                    known.add(hash);
                }
            }
            return known;
        }
    }
}
