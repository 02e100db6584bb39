package workers.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import workers.status.TimingModel;

class SimulatedEngineTest {
    private static final TimingModel TIMING = TimingModel.MEASURED;

    private final RecordingListener heard = new RecordingListener();

    @Test
    void aPassCostsItsPrefillAndThenADecode() {
        SimulatedEngine engine = engine(new SimSettings(16, 100, 4, 64, 1000));
        engine.submit(request("a", 100, 2), 0);

        double first = engine.step(0);
        assertEquals(TIMING.passMillis() + TIMING.prefillMillis(64, 0), first);
        double second = engine.step(first);
        assertEquals(TIMING.passMillis() + TIMING.prefillMillis(36, 64), second);
        double third = engine.step(first + second);
        assertEquals(TIMING.decodeMillis(7 / 100.0), third);

        assertTrue(heard.log.contains("first a 0 @" + (first + second)));
        assertTrue(heard.log.contains("finished a @" + (first + second + third)));
        assertTrue(engine.idle());
    }

    @Test
    void chunkingCostsOnlyTheInterceptsMore() {
        double whole = TIMING.prefillMillis(1000, 0);
        double chunked = TIMING.prefillMillis(600, 0) + TIMING.prefillMillis(400, 600);
        assertEquals(whole, chunked, 1e-9);
    }

    @Test
    void decodesRideAlongWithAPrefillThatFillsTheBudget() {
        SimulatedEngine engine = engine(new SimSettings(16, 100, 4, 32, 1000));
        engine.submit(request("a", 16, 10), 0);
        double now = engine.step(0);
        engine.submit(request("b", 64, 1), now);

        assertEquals(
                TIMING.passMillis() + TIMING.prefillMillis(31, 0) + TIMING.decodeMillis(6 / 100.0), engine.step(now));
        assertEquals(2, heard.tokens.get("a"));
    }

    @Test
    void theNextTurnFindsPromptAndAnswerButNeverItsLastToken() {
        SimulatedEngine engine = engine(new SimSettings(4, 100, 4, 64, 1000));
        long[] chain = LongStream.rangeClosed(1, 4).toArray();
        finish(engine, new SimRequest("a", chain, 10, 6, 0));
        // 10 + 6 tokens, the last not computed: 3 full blocks.
        finish(engine, new SimRequest("b", chain, 16, 1, 0));
        assertEquals(12, heard.cachedTokens.get("b"));
        // All four blocks are there now, but the last token of the prompt must be computed.
        finish(engine, new SimRequest("c", chain, 16, 1, 0));
        assertEquals(12, heard.cachedTokens.get("c"));
        finish(engine, new SimRequest("d", chain, 17, 1, 0));
        assertEquals(16, heard.cachedTokens.get("d"));
    }

    @Test
    void siblingsOfOnePassShareWhatTheFirstComputes() {
        SimulatedEngine engine = engine(new SimSettings(4, 8, 4, 64, 1000));
        long[] chain = {1, 2, 3};
        engine.submit(new SimRequest("a", chain, 13, 2, 0), 0);
        engine.submit(new SimRequest("b", chain, 13, 2, 0), 0);
        engine.step(0);

        assertEquals(0, heard.cachedTokens.get("a"));
        assertEquals(12, heard.cachedTokens.get("b"));
        assertEquals(5, engine.load().deviceBlocksUsed());
    }

    @Test
    void suffixesAreEvictedBeforePrefixesAndOldPromptsBeforeNew() {
        SimulatedEngine engine = engine(new SimSettings(1, 6, 4, 64, 1000));
        finish(engine, new SimRequest("old", new long[] {1, 2, 3}, 3, 1, 0));
        finish(engine, new SimRequest("new", new long[] {1, 12}, 2, 1, 0));
        // Cached now, oldest first: 3, 2, 12, 1; two are free.
        finish(engine, new SimRequest("big", new long[] {21, 22, 23}, 3, 1, 0));
        assertFalse(engine.pool().holds(3));
        assertTrue(engine.pool().holds(2));
        finish(engine, new SimRequest("more", new long[] {31, 32}, 2, 1, 0));
        assertFalse(engine.pool().holds(2) || engine.pool().holds(12));
        assertTrue(engine.pool().holds(1));
    }

    @Test
    void theNewestRequestGivesWayAndResumesFromWhatIsLeftOfItsBlocks() {
        SimulatedEngine engine = engine(new SimSettings(2, 6, 4, 64, 1000));
        engine.submit(new SimRequest("a", new long[] {1, 2}, 4, 6, 0), 0);
        engine.submit(new SimRequest("b", new long[] {11, 12}, 4, 6, 0), 0);
        double now = 0;
        while (!engine.idle()) {
            now += engine.step(now);
        }
        assertTrue(heard.log.stream().anyMatch(line -> line.startsWith("preempted b")));
        assertTrue(heard.log.stream().noneMatch(line -> line.startsWith("preempted a")));
        assertEquals(6, heard.tokens.get("b"));
        assertEquals(0, heard.cachedTokens.get("b"));
    }

    @Test
    void lowerPriorityNumbersGoFirst() {
        SimulatedEngine engine = engine(new SimSettings(2, 100, 1, 64, 1000));
        engine.submit(new SimRequest("late", new long[0], 4, 1, 5), 0);
        engine.submit(new SimRequest("urgent", new long[0], 4, 1, -1), 0);
        engine.step(0);
        assertEquals(1, heard.endings.get("urgent"));
        assertFalse(heard.endings.containsKey("late"));
    }

    @Test
    void whatCanNeverFitIsRejectedAtOnce() {
        SimulatedEngine engine = engine(new SimSettings(4, 8, 4, 64, 40));
        engine.submit(request("fits", 32, 1), 0);
        engine.submit(request("pool", 32, 2), 0);
        engine.submit(request("context", 30, 11), 0);
        assertEquals(1, heard.endings.get("pool"));
        assertEquals(1, heard.endings.get("context"));
        assertFalse(heard.endings.containsKey("fits"));
    }

    @Test
    void cancellingFreesBlocksAndEndsTheRequestSilently() {
        SimulatedEngine engine = engine(new SimSettings(4, 8, 4, 8, 1000));
        engine.submit(new SimRequest("a", new long[] {1, 2, 3, 4}, 20, 5, 0), 0);
        engine.step(0);
        assertEquals(5, engine.load().deviceBlocksUsed());

        assertTrue(engine.cancel("a"));
        assertFalse(engine.cancel("a"));
        assertEquals(0, engine.load().deviceBlocksUsed());
        assertEquals(2, engine.load().deviceBlocksCached());
        assertTrue(engine.idle());
        assertEquals(0, engine.step(0));
    }

    @Test
    void aPausedRequestKeepsItsBlocksAndDecodesNothing() {
        SimulatedEngine engine = engine(new SimSettings(4, 8, 4, 64, 1000));
        engine.submit(request("a", 4, 5), 0);
        engine.step(0);
        engine.pause("a");
        assertTrue(engine.stalled());
        assertEquals(0, engine.step(0));
        assertEquals(1, heard.tokens.get("a"));
        assertEquals(1, engine.load().deviceBlocksUsed());
        engine.resume("a");
        assertFalse(engine.stalled());
        engine.step(0);
        assertEquals(2, heard.tokens.get("a"));
    }

    @Test
    void manyQuietPassesAreOneStride() {
        SimulatedEngine engine = engine(new SimSettings(64, 100, 4, 64, 1000));
        engine.submit(request("a", 10, 50), 0);
        double now = engine.step(0);
        double end = engine.advance(now, Double.POSITIVE_INFINITY);
        assertEquals(49, heard.tokens.get("a"));
        assertTrue(end > now + 48 * TIMING.decodeMillis(0.01) - 1e-6);
    }

    @Test
    void anIdIsUsedOnceAtATime() {
        SimulatedEngine engine = engine(new SimSettings(4, 8, 4, 64, 1000));
        engine.submit(request("a", 4, 5), 0);
        assertThrows(IllegalArgumentException.class, () -> engine.submit(request("a", 4, 5), 0));
    }

    private SimulatedEngine engine(SimSettings settings) {
        return new SimulatedEngine(settings, TIMING, heard);
    }

    private static SimRequest request(String id, int input, int output) {
        return new SimRequest(id, new long[0], input, output, 0);
    }

    private static void finish(SimulatedEngine engine, SimRequest request) {
        engine.submit(request, 0);
        while (!engine.idle()) {
            engine.step(0);
        }
    }
}
