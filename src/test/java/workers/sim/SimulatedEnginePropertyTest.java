package workers.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import kv.KvTier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import workers.status.TimingModel;
import workers.status.WorkerLoad;

class SimulatedEnginePropertyTest {

    @Property(tries = 1500)
    void everyPassKeepsTheBooksAndEveryRequestEndsOnce(@ForAll long seed) {
        SimWorkload workload = SimWorkload.random(seed);
        RecordingListener heard = new RecordingListener();
        Set<String> cancelled = run(workload, heard, false, engine -> checkBooks(engine, workload, heard));

        Set<Long> everComputed = new HashSet<>();
        for (SimWorkload.Arrival arrival : workload.arrivals()) {
            SimRequest request = arrival.request();
            boolean ended = heard.endings.containsKey(request.id());
            assertEquals(1, heard.endings.getOrDefault(request.id(), 0) + (cancelled.contains(request.id()) ? 1 : 0));
            if (ended && heard.tokens.containsKey(request.id())) {
                assertEquals(request.outputTokens(), heard.tokens.get(request.id()));
            }
            checkCached(request, heard.cachedTokens.getOrDefault(request.id(), 0), workload.settings());
            for (long hash : request.sequenceHashes()) {
                everComputed.add(hash);
            }
        }
        assertTrue(everComputed.containsAll(heard.matchable));
    }

    @Property(tries = 1500)
    void advancingIsSteppingInLargerStrides(@ForAll long seed) {
        SimWorkload workload = SimWorkload.random(seed);
        RecordingListener stepped = new RecordingListener();
        RecordingListener advanced = new RecordingListener();

        run(workload, stepped, false, engine -> {});
        run(workload, advanced, true, engine -> {});

        // Within one stride tokens come request by request, so only the order between requests may differ.
        assertEquals(byRequest(stepped.log), byRequest(advanced.log));
    }

    @Property(tries = 1500)
    void r6HoldsNeverKeepARequestFromItsEnd(@ForAll long seed) {
        SimWorkload workload = SimWorkload.random(seed);
        RecordingListener heard = new RecordingListener();
        Random random = new Random(seed);
        double[] now = new double[1];
        Set<String> cancelled = run(workload, heard, false, engine -> {
            checkBooks(engine, workload, heard);
            now[0] += random.nextInt(50);
            SimRequest some = workload.arrivals()
                    .get(random.nextInt(workload.arrivals().size()))
                    .request();
            String id = "h" + random.nextInt(4);
            if (some.sequenceHashes().length > 0 && random.nextInt(4) > 0) {
                double until = now[0] + random.nextInt(400);
                int kept = engine.hold(
                        new SimHold(id, some.sequenceHashes(), KvTier.DEVICE, random.nextInt(3), until),
                        Double.NEGATIVE_INFINITY);
                assertTrue(kept <= engine.load().deviceBlocksHeld());
            } else {
                engine.release(id);
            }
            checkBooks(engine, workload, heard);
        });

        for (SimWorkload.Arrival arrival : workload.arrivals()) {
            String id = arrival.request().id();
            assertEquals(1, heard.endings.getOrDefault(id, 0) + (cancelled.contains(id) ? 1 : 0));
        }
    }

    /** What holds cover gives way in the order of their density, and no request is preempted while any of it is left. */
    @Test
    void r6HoldsYieldTheLeastDenseFirstBeforeAnyRequestIsPreempted() {
        int yielded = 0;
        int preemptions = 0;
        for (long seed = 0; seed < 1500; seed++) {
            SimWorkload workload = SimWorkload.random(seed);
            RecordingListener heard = new RecordingListener();
            NaiveHeld held = new NaiveHeld(heard, workload);
            Random random = new Random(seed);
            run(workload, heard, false, engine -> {
                held.passed(engine);
                SimRequest some = workload.arrivals()
                        .get(random.nextInt(workload.arrivals().size()))
                        .request();
                if (some.sequenceHashes().length > 0 && random.nextInt(3) == 0) {
                    held.hold(engine, "h" + random.nextInt(4), some.sequenceHashes(), random.nextInt(3));
                }
            });
            yielded += held.yielded;
            preemptions += held.preemptions;
        }
        assertTrue(yielded > 1000, yielded + " held blocks gave way");
        assertTrue(preemptions > 300, preemptions + " requests were preempted");
    }

    private static void checkCached(SimRequest request, int cachedTokens, SimSettings settings) {
        assertEquals(0, cachedTokens % settings.blockSizeTokens());
        assertTrue(cachedTokens <= request.inputTokens() - 1);
    }

    private static void checkBooks(SimulatedEngine engine, SimWorkload workload, RecordingListener heard) {
        Map<Integer, Integer> uses = new HashMap<>();
        for (Sequence sequence : engine.running()) {
            assertTrue(sequence.computed
                    <= sequence.blockCount * workload.settings().blockSizeTokens());
            for (int i = 0; i < sequence.blockCount; i++) {
                uses.merge(sequence.blocks[i], 1, Integer::sum);
            }
        }
        uses.forEach((block, count) -> assertEquals(count, engine.pool().references(block)));
        WorkerLoad load = engine.load();
        assertEquals(uses.size(), load.deviceBlocksUsed());
        assertTrue(load.deviceBlocksUsed() + load.deviceBlocksCached() <= load.deviceBlocksTotal());
        assertTrue(heard.matchable.size() <= load.deviceBlocksUsed() + load.deviceBlocksCached());
        for (SimWorkload.Arrival arrival : workload.arrivals()) {
            boolean parentHeld = true;
            for (long hash : arrival.request().sequenceHashes()) {
                boolean held = engine.pool().holds(hash);
                assertEquals(heard.matchable.contains(hash), held);
                assertTrue(parentHeld || !held, "a child outlived its parent");
                parentHeld = held;
            }
        }
    }

    private interface Check {
        void after(SimulatedEngine engine);
    }

    /** Drives an engine through a workload as the contract of {@link SimulatedEngine} asks; returns who was cancelled. */
    private static Set<String> run(SimWorkload workload, RecordingListener heard, boolean strides, Check check) {
        SimulatedEngine engine = new SimulatedEngine(workload.settings(), TimingModel.MEASURED, heard);
        Set<String> cancelled = new HashSet<>();
        List<SimWorkload.Arrival> coming = new ArrayList<>(workload.arrivals());
        List<SimWorkload.Arrival> cancels = new ArrayList<>(workload.arrivals());
        double now = 0;
        for (int passes = 0; !engine.idle() || !coming.isEmpty(); passes++) {
            assertTrue(passes < 100_000, "the engine does not come to an end");
            while (!coming.isEmpty() && coming.get(0).timeMillis() <= now) {
                engine.submit(coming.remove(0).request(), now);
            }
            double time = now;
            cancels.removeIf(arrival -> {
                boolean due = arrival.cancelMillis() <= time;
                if (due && engine.cancel(arrival.request().id())) {
                    cancelled.add(arrival.request().id());
                }
                return due;
            });
            double next =
                    coming.isEmpty() ? Double.POSITIVE_INFINITY : coming.get(0).timeMillis();
            for (SimWorkload.Arrival arrival : cancels) {
                next = Math.min(next, arrival.cancelMillis());
            }
            if (engine.idle()) {
                now = coming.isEmpty() ? now : next;
                continue;
            }
            now = strides ? engine.advance(now, next) : now + engine.step(now);
            check.after(engine);
        }
        return cancelled;
    }

    private static Map<String, List<String>> byRequest(List<String> log) {
        Map<String, List<String>> byRequest = new HashMap<>();
        for (String line : log) {
            byRequest
                    .computeIfAbsent(line.split(" ", 3)[1], id -> new ArrayList<>())
                    .add(line);
        }
        return byRequest;
    }
}
