package workers.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import kv.KvTier;
import org.junit.jupiter.api.Test;
import workers.status.TimingModel;

/** Blocks of one token and one byte: a transfer of n blocks alone on a link of 1,000 bytes/s takes n milliseconds. */
class TierMovesTest {
    private static final TimingModel TIMING = TimingModel.MEASURED;
    private static final double SLOW = 1000;

    private final RecordingListener heard = new RecordingListener();
    private final SimFabric fabric = new SimFabric(0, SLOW);
    private double now;

    @Test
    void whatTheDeviceEvictsComesBackFromTheHost() {
        SimulatedEngine engine = engine(10, tiers(20, 0, true), heard);
        finish(engine, "a", chain(1, 8), 9);
        finish(engine, "b", chain(101, 8), 9);
        assertEquals(7, heard.in(KvTier.HOST).size(), "all but its root");

        double asked = now;
        finish(engine, "a again", chain(1, 8), 9);

        assertEquals(8, heard.cachedTokens.get("a again"));
        assertTrue(now - asked > 7 + TIMING.prefillMillis(1, 8));
    }

    @Test
    void withoutWriteBackWhatIsEvictedIsGone() {
        SimulatedEngine engine = engine(10, tiers(20, 0, false), heard);
        finish(engine, "a", chain(1, 8), 9);
        finish(engine, "b", chain(101, 8), 9);
        assertEquals(0, engine.blocks(KvTier.HOST));
        finish(engine, "a again", chain(1, 8), 9);
        assertEquals(1, heard.cachedTokens.get("a again"));
    }

    @Test
    void whatTheHostEvictsGoesToTheDiskAndComesBackOverBothLinks() {
        SimulatedEngine engine = engine(10, tiers(8, 20, true), heard);
        finish(engine, "a", chain(1, 8), 9);
        finish(engine, "b", chain(101, 8), 9);
        finish(engine, "c", chain(201, 8), 9);
        settleAll(engine);
        assertEquals(8, engine.blocks(KvTier.HOST));
        assertTrue(engine.blocks(KvTier.DISK) > 0);
        assertEquals(8, engine.resident(chain(1, 8)));
        finish(engine, "a again", chain(1, 8), 9);
        assertEquals(8, heard.cachedTokens.get("a again"));
    }

    @Test
    void othersRunWhileARequestWaitsForItsBlocks() {
        SimulatedEngine engine = engine(40, tiers(20, 0, false), heard);
        finish(engine, "a", chain(1, 10), 11);
        engine.demote(chain(1, 10), KvTier.HOST, now);
        pushOut(engine, 40);

        engine.submit(new SimRequest("waits", chain(1, 10), 11, 1, 0), now);
        engine.submit(new SimRequest("runs", chain(101, 5), 6, 1, 0), now);
        double first = engine.step(now);
        assertEquals(1, heard.endings.get("runs"));
        assertFalse(heard.endings.containsKey("waits"));
        assertTrue(first > 10, "the pass is longer than the transfer");
        now += first;
        engine.step(now);
        assertEquals(10, heard.cachedTokens.get("waits"));
        assertEquals(1, heard.endings.get("waits"));
    }

    @Test
    void siblingsWaitForOneLoad() {
        SimulatedEngine engine = engine(40, tiers(20, 0, false), heard);
        finish(engine, "a", chain(1, 10), 11);
        engine.demote(chain(1, 10), KvTier.HOST, now);
        pushOut(engine, 40);
        engine.submit(new SimRequest("one", chain(1, 10), 11, 1, 0), now);
        engine.submit(new SimRequest("two", chain(1, 10), 11, 1, 0), now);
        engine.step(now);
        assertTrue(engine.stalled());
        assertEquals(now + 10, engine.nextArrivalMillis(), 1e-9);
        now = engine.nextArrivalMillis();
        engine.settle(now);
        engine.step(now);
        assertEquals(10, heard.cachedTokens.get("one"));
        assertEquals(10, heard.cachedTokens.get("two"));
    }

    @Test
    void whatIsCopiedDownIsUsableWhereItWasAndGivesWayFirst() {
        SimulatedEngine engine = engine(12, tiers(20, 0, false), heard);
        finish(engine, "a", new long[] {1, 2, 3, 4}, 5);
        finish(engine, "b", new long[] {1, 2, 13, 14}, 5);
        assertEquals(4, engine.demote(new long[] {1, 2, 13, 14}, KvTier.HOST, now));
        assertEquals(now + 4, engine.nextArrivalMillis(), 1e-9);
        settleAll(engine);
        assertEquals(Set.of(1L, 2L, 13L, 14L), heard.in(KvTier.HOST));
        assertEquals(Set.of(1L, 2L, 3L, 4L, 13L, 14L), heard.in(KvTier.DEVICE));
        double asked = now;
        finish(engine, "b again", new long[] {1, 2, 13, 14}, 5);
        assertEquals(TIMING.passMillis() + TIMING.prefillMillis(1, 4), now - asked, 1e-9, "nothing is loaded");

        engine.demote(new long[] {1, 2, 13, 14}, KvTier.HOST, now);
        settleAll(engine);
        finish(engine, "c", chain(101, 7), 8);
        assertEquals(
                Set.of(1L, 2L, 3L, 4L),
                heard.in(KvTier.DEVICE).stream().filter(hash -> hash < 100).collect(Collectors.toSet()),
                "the newest went first, but for what the older prompt begins with");
    }

    @Test
    void whatIsHeldDoesNotGiveWayEarlierForBeingCopied() {
        SimulatedEngine engine = engine(12, tiers(20, 0, false), heard);
        finish(engine, "a", chain(1, 4), 5);
        assertEquals(2, engine.hold(new SimHold("h", chain(1, 2), KvTier.DEVICE, 1, 1e9), now));
        engine.demote(chain(1, 4), KvTier.HOST, now);
        settleAll(engine);
        finish(engine, "b", chain(101, 9), 10);
        assertTrue(heard.in(KvTier.DEVICE).containsAll(Set.of(1L, 2L)));
        assertFalse(heard.in(KvTier.DEVICE).contains(3L));
        assertEquals(4, engine.blocks(KvTier.HOST));
    }

    @Test
    void aHoldInTheHostOutlivesWhatComesLater() {
        SimulatedEngine engine = engine(40, tiers(8, 0, false), heard);
        finish(engine, "a", chain(1, 4), 5);
        finish(engine, "b", chain(101, 4), 5);
        engine.demote(chain(1, 4), KvTier.HOST, now);
        assertEquals(4, engine.hold(new SimHold("h", chain(1, 4), KvTier.HOST, 1, 1e9), now));
        settleAll(engine);
        engine.demote(chain(101, 4), KvTier.HOST, now);
        settleAll(engine);
        finish(engine, "c", chain(201, 4), 5);
        engine.demote(chain(201, 4), KvTier.HOST, now);
        settleAll(engine);
        assertEquals(4, engine.held(KvTier.HOST));
        assertTrue(heard.in(KvTier.HOST).containsAll(Set.of(1L, 2L, 3L, 4L)));
        assertTrue(engine.release("h"));
        assertEquals(0, engine.held(KvTier.HOST));
    }

    @Test
    void whatIsPrefetchedIsHotWhenItsRequestComes() {
        SimulatedEngine engine = engine(40, tiers(20, 0, false), heard);
        finish(engine, "a", chain(1, 10), 11);
        engine.demote(chain(1, 10), KvTier.HOST, now);
        pushOut(engine, 40);
        assertEquals(10, engine.prefetch(chain(1, 10), now));
        assertEquals(10, engine.prefetch(chain(1, 10), now), "asking again begins nothing");
        settleAll(engine);
        double asked = now;
        finish(engine, "a again", chain(1, 10), 11);
        assertEquals(10, heard.cachedTokens.get("a again"));
        assertEquals(TIMING.passMillis() + TIMING.prefillMillis(1, 10), now - asked, 1e-9);
    }

    @Test
    void aPullBringsWhatAnotherEngineHasAndAnAbortedOneBringsNothing() {
        RecordingListener there = new RecordingListener();
        SimulatedEngine source = engine(40, tiers(0, 0, false), there);
        SimulatedEngine engine = engine(40, tiers(0, 0, false), heard);
        finish(source, "a", chain(1, 10), 11);

        assertEquals(10, engine.pull("p", chain(1, 12), source, now));
        engine.submit(new SimRequest("a", chain(1, 12), 13, 1, 0), now);
        engine.step(now);
        assertTrue(engine.stalled());
        assertEquals(now + 10, engine.nextArrivalMillis(), 1e-9);
        settleAll(engine);
        engine.step(now);
        assertEquals(10, heard.cachedTokens.get("a"));

        finish(source, "b", chain(101, 10), 11);
        engine.pull("p", chain(101, 10), source, now);
        engine.submit(new SimRequest("b", chain(101, 10), 11, 1, 0), now);
        engine.step(now);
        engine.abortPull("p", now + 3);
        now += 3;
        assertFalse(engine.stalled());
        engine.step(now);
        assertEquals(0, heard.cachedTokens.get("b"));
        settleAll(engine);
        assertEquals(0, engine.load().deviceBlocksUsed());
    }

    @Test
    void whatOneEnginePutsIntoTheStoreAnotherLoads() {
        SimFabric shared = new SimFabric(30, SLOW);
        RecordingListener there = new RecordingListener();
        SimulatedEngine writer = new SimulatedEngine(settings(40), TIMING, tiers(0, 0, false), shared, there);
        SimulatedEngine reader = new SimulatedEngine(settings(40), TIMING, tiers(0, 0, false), shared, heard);
        finish(writer, "a", chain(1, 10), 11);
        assertEquals(10, writer.demote(chain(1, 10), KvTier.REMOTE, now));
        settleAll(writer);
        assertEquals(10, there.in(KvTier.REMOTE).size());
        finish(reader, "a", chain(1, 10), 11);
        assertEquals(10, heard.cachedTokens.get("a"));
    }

    private SimulatedEngine engine(int deviceBlocks, SimTiers tiers, RecordingListener listener) {
        return new SimulatedEngine(settings(deviceBlocks), TIMING, tiers, fabric, listener);
    }

    private static SimSettings settings(int deviceBlocks) {
        return new SimSettings(1, deviceBlocks, 4, 64, 1000);
    }

    private static SimTiers tiers(int host, int disk, boolean writeBack) {
        return new SimTiers(host, disk, writeBack, 1, SLOW, SLOW, SLOW);
    }

    private static long[] chain(int first, int blocks) {
        return LongStream.range(first, first + blocks).toArray();
    }

    private void settleAll(SimulatedEngine engine) {
        while (engine.nextArrivalMillis() < Double.POSITIVE_INFINITY) {
            now = Math.max(now, engine.nextArrivalMillis());
            engine.settle(now);
        }
    }

    /** Fills the device with other blocks. */
    private void pushOut(SimulatedEngine engine, int deviceBlocks) {
        settleAll(engine);
        finish(engine, "filler", chain(1001, deviceBlocks), deviceBlocks);
        assertTrue(heard.in(KvTier.DEVICE).stream().noneMatch(hash -> hash < 1000));
    }

    private void finish(SimulatedEngine engine, String id, long[] chain, int input) {
        engine.submit(new SimRequest(id, chain, input, 1, 0), now);
        while (!engine.idle()) {
            if (engine.stalled()) {
                now = Math.max(now, engine.nextArrivalMillis());
                engine.settle(now);
            } else {
                now += engine.step(now);
            }
        }
    }
}
