package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import cluster.RetentionConfig;
import cluster.RouterConfig;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import replay.trace.BlockRuns;
import replay.trace.Trace;
import replay.trace.TracedTurn;
import router.placement.PlacementSettings;
import router.strategy.Strategies;

class OfflineReplayTest {
    private static final PlacementSettings PLACEMENT = RouterConfig.placement(ConfigFactory.load());
    private static final RetentionRules RETENTION = RetentionConfig.replayed(ConfigFactory.load());
    private static final List<String> ALL = List.copyOf(Strategies.names());

    private static final int LARGE = 1_500_000;

    private static ReplaySettings settings(int blocksPerWorker, int blockSize, long seed) {
        return settings(blocksPerWorker, blockSize, false, seed);
    }

    private static ReplaySettings settings(int blocksPerWorker, int blockSize, boolean pulls, long seed) {
        return new ReplaySettings(
                3, blockSize, blocksPerWorker, 0, 0, 0, pulls, 16, 2_048, 12, 60, 1, 50, 1, 32, "measured", seed);
    }

    private static Comparison run(Trace trace, ReplaySettings settings, List<String> strategies, int atOnce)
            throws InterruptedException {
        return run(trace, settings, strategies, List.of("none"), atOnce);
    }

    private static Comparison run(
            Trace trace, ReplaySettings settings, List<String> strategies, List<String> retentions, int atOnce)
            throws InterruptedException {
        return new OfflineReplay(trace, settings, PLACEMENT, RETENTION, true, () -> 0)
                .run(strategies, retentions, atOnce, () -> {});
    }

    /** Twelve fleets of this size do not fit into the memory that tests have. */
    @Test
    void noMoreFleetsAreInMemoryThanRunAtOnce() throws Exception {
        List<String> pairs = Collections.nCopies(12, "sticky");
        Comparison comparison = run(Workloads.agents(1, 2, 1), settings(LARGE, 64, 1), pairs, 1);
        assertEquals(12, comparison.policies().size());
    }

    @Test
    void everyTurnIsServedOnceAndNoHitRateExceedsTheCeiling() throws Exception {
        Trace trace = Workloads.agents(30, 12, 1);
        AtomicInteger ended = new AtomicInteger();
        Comparison comparison = new OfflineReplay(trace, settings(400, 64, 1), PLACEMENT, RETENTION, false, () -> 0)
                .run(ALL, List.of("none"), 2, ended::incrementAndGet);

        assertEquals(trace.turns().size() * ALL.size(), ended.get());
        for (PolicySummary policy : comparison.policies()) {
            assertEquals(trace.turns().size(), policy.turns(), policy.strategy());
            assertEquals(0, policy.failed(), policy.strategy());
            assertTrue(policy.hitRate() <= comparison.infiniteCacheHitRate(), policy.strategy());
            assertTrue(policy.loadImbalance() >= 1, policy.strategy());
            assertTrue(policy.ttftMillis().p50() > 0
                    && policy.ttftMillis().p50() <= policy.ttftMillis().max());
        }
    }

    @Test
    void causesOfPrefillSumExactlyAndColdWorkIsTheSameForAll() throws Exception {
        Trace trace = Workloads.agents(30, 12, 2);
        Comparison comparison = run(trace, settings(300, 64, 1), ALL, 2);

        long cold = comparison.policies().get(0).coldTokens();
        for (PolicySummary policy : comparison.policies()) {
            assertEquals(
                    policy.prefillTokens(),
                    policy.coldTokens() + policy.recomputedTokens() + policy.tailTokens(),
                    policy.strategy());
            assertEquals(cold, policy.coldTokens(), policy.strategy());
            assertTrue(policy.tailTokens() >= 0, policy.strategy());
        }
    }

    @Test
    void aFleetWithRoomForEverythingReachesTheCeilingWhenSessionsStay() throws Exception {
        Trace trace = Workloads.agents(20, 10, 3);
        Comparison comparison = run(trace, settings(50_000, 64, 1), List.of("cache-aware", "random"), 1);

        PolicySummary following = comparison.policies().get(0);
        assertEquals(0, following.evictionTokens());
        assertEquals(comparison.infiniteCacheHitRate(), following.hitRate(), 0.06);
        assertTrue(comparison.policies().get(1).placementTokens() > following.placementTokens());
    }

    @Test
    void enginesThatPullComputeNothingThatAnotherHas() throws Exception {
        Trace trace = Workloads.agents(20, 10, 3);
        PolicySummary alone = run(trace, settings(50_000, 64, 1), List.of("random"), 1)
                .policies()
                .get(0);
        PolicySummary pulling = run(trace, settings(50_000, 64, true, 1), List.of("random"), 1)
                .policies()
                .get(0);

        assertEquals(0, alone.pulledTokens());
        assertTrue(alone.placementTokens() > 0);
        assertTrue(
                pulling.pulledTokens() > 0.9 * alone.placementTokens(),
                pulling.pulledTokens() + " of " + alone.placementTokens());
        assertTrue(
                pulling.placementTokens() < 0.05 * alone.placementTokens(),
                pulling.placementTokens() + " of " + alone.placementTokens());
        assertTrue(pulling.ttftMillis().mean() < alone.ttftMillis().mean());
    }

    @Test
    void pullsUnderPressureLeaveEveryTurnServedAndTheAccountExact() throws Exception {
        Trace trace = Workloads.agents(30, 12, 2);
        ReplaySettings settings = settings(300, 64, true, 1);
        List<String> moving = List.of("random", "least-loaded", "joint");
        Comparison comparison = run(trace, settings, moving, List.of("none", "leases"), 2);

        for (PolicySummary policy : comparison.policies()) {
            String pair = policy.strategy() + " " + policy.retention();
            assertEquals(trace.turns().size(), policy.turns(), pair);
            assertEquals(
                    policy.prefillTokens(),
                    policy.coldTokens() + policy.recomputedTokens() + policy.tailTokens(),
                    pair);
            assertTrue(policy.pulledTokens() > 0, pair);
            assertTrue(policy.pulledTokens() <= policy.inputTokens() - policy.prefillTokens(), pair);
            assertTrue(policy.hitRate() <= policy.offlineBound(), pair);
        }
        assertEquals(
                ReportFiles.report(comparison).toString(),
                ReportFiles.report(run(trace, settings, moving, List.of("none", "leases"), 1))
                        .toString());
    }

    @Test
    void aSessionThatMovesFindsItsBlocksInTheStoreThatAllEnginesShare() throws Exception {
        Trace trace = Workloads.agents(30, 12, 2);
        PolicySummary alone =
                run(trace, sharing(0), List.of("random"), 1).policies().get(0);
        Comparison comparison = run(trace, sharing(20_000), List.of("random"), 1);
        PolicySummary sharing = comparison.policies().get(0);

        assertEquals(0, alone.remoteTokens());
        assertTrue(alone.evictionTokens() > 0);
        assertEquals(0, sharing.evictionTokens(), "nothing is dropped for good");
        assertTrue(sharing.remoteTokens() > alone.evictionTokens() / 2, sharing.remoteTokens() + " tokens");
        assertTrue(sharing.remoteTokens() <= sharing.inputTokens() - sharing.prefillTokens());
        assertTrue(sharing.hitRate() > alone.hitRate() && sharing.hitRate() <= sharing.offlineBound());
        assertTrue(sharing.ttftMillis().mean() < alone.ttftMillis().mean());
        assertTrue(ComparisonTable.of(comparison).contains("remote Mtok"));
        assertEquals(
                20_000,
                ReportFiles.report(comparison).at("/conditions/remoteBlocks").intValue());
    }

    @Test
    void aStoreUnderPressureLeavesEveryTurnServedAndTheAccountExact() throws Exception {
        Trace trace = Workloads.agents(30, 12, 2);
        ReplaySettings settings = sharing(500);
        List<String> moving = List.of("random", "least-loaded", "joint");
        Comparison comparison = run(trace, settings, moving, List.of("none", "leases"), 2);

        for (PolicySummary policy : comparison.policies()) {
            String pair = policy.strategy() + " " + policy.retention();
            assertEquals(trace.turns().size(), policy.turns(), pair);
            assertEquals(
                    policy.prefillTokens(),
                    policy.coldTokens() + policy.recomputedTokens() + policy.tailTokens(),
                    pair);
            assertTrue(policy.remoteTokens() > 0, pair);
            assertTrue(policy.hitRate() <= policy.offlineBound(), pair);
        }
        assertEquals(
                ReportFiles.report(comparison).toString(),
                ReportFiles.report(run(trace, settings, moving, List.of("none", "leases"), 1))
                        .toString());
    }

    private static ReplaySettings sharing(int remoteBlocks) {
        return new ReplaySettings(
                3, 64, 300, 0, 0, remoteBlocks, false, 16, 2_048, 12, 60, 1, 50, 1, 32, "measured", 1);
    }

    @Test
    void oneSeedGivesOneReportHoweverManyRunsAreAtOnce() throws Exception {
        Trace trace = Workloads.agents(20, 10, 4);
        String once =
                ReportFiles.report(run(trace, settings(300, 64, 7), ALL, 1)).toString();
        String again =
                ReportFiles.report(run(trace, settings(300, 64, 7), ALL, 4)).toString();
        String other =
                ReportFiles.report(run(trace, settings(300, 64, 8), ALL, 1)).toString();

        assertEquals(once, again);
        assertNotEquals(once.replace("\"seed\":7", ""), other.replace("\"seed\":8", ""));
    }

    @Test
    void aTurnLargerThanAPoolFailsAndIsLeftOutOfTheComparison() throws Exception {
        Trace small = Workloads.agents(4, 3, 5);
        List<TracedTurn> turns = new ArrayList<>(small.turns());
        turns.add(new TracedTurn(
                3, 0, new BlockRuns(new long[] {90_000}, new int[] {500}), 500 * 64, 3, false, new int[] {0}, 0, 0, 0));
        Trace trace = new Trace("with a giant", "synthetic", 64, false, small.sessionNames(), turns, 0);

        Comparison comparison = run(trace, settings(400, 64, 1), List.of("random", "joint"), 1);

        for (PolicySummary policy : comparison.policies()) {
            assertEquals(1, policy.failed());
            assertEquals(turns.size() - 1, policy.turns());
        }
    }

    @Test
    void smallerBlocksThatDivideTheTracesOwnAreAllowed() throws Exception {
        Trace trace = Workloads.agents(5, 4, 6);
        assertTrue(run(trace, settings(4_000, 16, 1), List.of("joint"), 1)
                        .policies()
                        .get(0)
                        .hitRate()
                > 0.3);
        assertThrows(IllegalArgumentException.class, () -> run(trace, settings(400, 48, 1), List.of("joint"), 1));
    }

    @Test
    void recordedArrivalsAreKept() throws Exception {
        List<TracedTurn> turns = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            turns.add(new TracedTurn(
                    i,
                    0,
                    new BlockRuns(new long[] {0, 100 + i}, new int[] {3, 1}),
                    260,
                    5,
                    false,
                    new int[0],
                    0,
                    0,
                    100 * i));
        }
        List<String> names = turns.stream().map(turn -> "r" + turn.session()).toList();
        Trace trace = new Trace("arrivals", "synthetic", 64, true, names, turns, 0);

        Comparison comparison = run(trace, settings(400, 64, 1), List.of("cache-aware"), 1);

        PolicySummary policy = comparison.policies().get(0);
        assertTrue(policy.makespanSeconds() > 900 && policy.makespanSeconds() < 901);
        assertEquals(9 * 192.0 / 2600, policy.hitRate(), 1e-9);
        assertEquals(comparison.infiniteCacheHitRate(), policy.hitRate(), 1e-9);
    }
}
