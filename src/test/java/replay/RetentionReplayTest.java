package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import cluster.RetentionConfig;
import cluster.RouterConfig;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import replay.trace.Trace;

class RetentionReplayTest {
    private static final List<String> STRATEGIES = List.of("round-robin", "sticky", "joint");
    private static final List<String> RETENTIONS = List.of("none", "static-ttl:20s", "leases");

    private static ReplaySettings settings(int blocksPerWorker, int hostBlocks, long seed) {
        return new ReplaySettings(
                3, 64, blocksPerWorker, hostBlocks, 0, 0, false, 16, 2_048, 12, 60, 1, 50, 1, 32, "measured", seed);
    }

    private static OfflineReplay replay(Trace trace, int blocksPerWorker, long seed) {
        return replay(trace, blocksPerWorker, 0, seed);
    }

    private static OfflineReplay replay(Trace trace, int blocksPerWorker, int hostBlocks, long seed) {
        return replay(trace, blocksPerWorker, hostBlocks, seed, ConfigFactory.load());
    }

    private static OfflineReplay replay(Trace trace, int blocksPerWorker, int hostBlocks, long seed, Config config) {
        return new OfflineReplay(
                trace,
                settings(blocksPerWorker, hostBlocks, seed),
                RouterConfig.placement(config),
                RetentionConfig.replayed(config),
                true,
                () -> 0);
    }

    private static Comparison run(Trace trace, int blocksPerWorker, long seed, int atOnce) throws InterruptedException {
        return replay(trace, blocksPerWorker, seed).run(STRATEGIES, RETENTIONS, atOnce, () -> {});
    }

    @Test
    void everyPairOfStrategyAndRetentionIsRunAndNamed() throws Exception {
        Comparison comparison = run(Workloads.agents(8, 6, 1), 300, 1, 2);

        assertEquals(
                List.of("round-robin/none", "sticky/none", "joint/none", "round-robin/static-ttl:20s"),
                comparison.policies().stream()
                        .limit(4)
                        .map(policy -> policy.strategy() + "/" + policy.retention())
                        .toList());
        assertEquals(9, comparison.policies().size());
        assertTrue(ComparisonTable.of(comparison).contains("static-ttl:20s"));
    }

    @Test
    void everyPublishedPolicyServesEveryTurn() throws Exception {
        Trace trace = Workloads.agents(16, 8, 3);
        List<String> published =
                List.of("continuum", "continuum-preview", "progress-ttl", "pause-resume", "infercept", "kvflow");
        List<String> strategies = List.of("prefix-scorer", "e2", "thompson", "lmetric");
        Comparison comparison = replay(trace, 300, 1).run(strategies, published, 2, () -> {});

        assertEquals(24, comparison.policies().size());
        for (PolicySummary policy : comparison.policies()) {
            assertEquals(trace.turns().size(), policy.served(), policy.strategy() + " " + policy.retention());
            assertEquals(0, policy.failed(), policy.strategy() + " " + policy.retention());
            assertTrue(assertNotNullFigures(policy).mostHeldShare() <= 1);
        }
    }

    @Test
    void anUnknownPolicyIsRefusedByName() {
        OfflineReplay replay = replay(Workloads.agents(2, 2, 1), 300, 1);
        for (String wrong : List.of("forever", "static-ttl", "static-ttl:soon", "none:5s")) {
            assertThrows(
                    IllegalArgumentException.class, () -> replay.run(STRATEGIES, List.of(wrong), 1, () -> {}), wrong);
        }
    }

    @Test
    void whatKeepingCostsIsReported() throws Exception {
        Comparison comparison = run(Workloads.agents(30, 12, 2), 400, 1, 2);
        PolicySummary none = comparison.policies().get(1);
        PolicySummary kept = comparison.policies().get(4);
        RetentionFigures figures = kept.retained();

        assertEquals("sticky", kept.strategy());
        assertNotNull(figures);
        assertTrue(figures.leases() > 0 && figures.leasesUsed() > 0 && figures.leasesUsed() <= figures.leases());
        assertTrue(figures.byteSeconds() > 0);
        assertTrue(figures.controlMessages() > 2 * figures.leases());
        assertTrue(figures.receipts().getOrDefault("Accepted", 0) > 0);
        assertEquals(0, assertNotNullFigures(none).leases());
    }

    private static RetentionFigures assertNotNullFigures(PolicySummary policy) {
        RetentionFigures figures = policy.retained();
        assertNotNull(figures);
        return figures;
    }

    @Test
    void r9TwoRunsWithOneSeedGiveTheSameReportsAndDecisionLogs(@TempDir Path directory) throws Exception {
        Trace trace = Workloads.agents(20, 10, 4);
        writeTwice(replay(trace, 300, 7), directory);
        for (String file : List.of("report.json", "decisions.jsonl")) {
            String once = Files.readString(directory.resolve("one").resolve(file));
            assertEquals(once, Files.readString(directory.resolve("two").resolve(file)), file);
            assertFalse(once.isEmpty());
        }
        String decisions = Files.readString(directory.resolve("one").resolve("decisions.jsonl"));
        for (String what : List.of("place", "lease", "hold", "yield", "end")) {
            assertTrue(decisions.contains("\"what\":\"" + what + "\""), what);
        }
        Comparison other = run(Workloads.agents(20, 10, 5), 300, 7, 1);
        assertNotEquals(
                decisions.lines().count(),
                other.outcomes().get(0).decisionLog().lines().count());
    }

    private static void writeTwice(OfflineReplay replay, Path directory) throws Exception {
        for (String name : List.of("one", "two")) {
            Comparison comparison = replay.run(STRATEGIES, RETENTIONS, name.equals("one") ? 1 : 3, () -> {});
            ReportFiles.write(comparison, 0, directory.resolve(name));
            ReportFiles.writeDecisions(comparison, directory.resolve(name).resolve("decisions.jsonl"));
        }
    }

    @Test
    void r9TwoRunsWithAHostTierGiveTheSameReportsAndDecisionLogs(@TempDir Path directory) throws Exception {
        writeTwice(replay(Workloads.agents(20, 10, 4), 300, 600, 7), directory);
        for (String file : List.of("report.json", "decisions.jsonl")) {
            assertEquals(
                    Files.readString(directory.resolve("one").resolve(file)),
                    Files.readString(directory.resolve("two").resolve(file)),
                    file);
        }
    }

    @Test
    void r9WhatIsKeptInAHostTierIsFetchedForAReturnThatIsForetoldTheSameWayTwice(@TempDir Path directory)
            throws Exception {
        // Holds may take 300 blocks of the host and none of the device.
        Config fetching = ConfigFactory.parseString(
                        """
                        holdfast.agents.retention.prefetch-quantile = 0.5
                        holdfast.workers.holds.budget-share = 0.003
                        """)
                .withFallback(ConfigFactory.load());
        writeTwice(replay(Workloads.agents(20, 10, 4), 300, 100_000, 7, fetching), directory);
        String once = Files.readString(directory.resolve("one").resolve("decisions.jsonl"));
        assertEquals(once, Files.readString(directory.resolve("two").resolve("decisions.jsonl")));
        assertTrue(once.lines()
                .anyMatch(line -> line.contains("\"what\":\"prefetch\"") && !line.contains("\"blocks\":0")));
    }

    @Test
    void r9WhatIsMovedToTheHostForItsRentIsTheSameInTwoRuns(@TempDir Path directory) throws Exception {
        Config demoting = ConfigFactory.parseString("holdfast.agents.retention.reload-worth = 1s")
                .withFallback(ConfigFactory.load());
        writeTwice(replay(Workloads.agents(20, 10, 4), 300, 3_000, 7, demoting), directory);
        String once = Files.readString(directory.resolve("one").resolve("decisions.jsonl"));
        assertEquals(once, Files.readString(directory.resolve("two").resolve("decisions.jsonl")));
        assertTrue(
                once.lines().anyMatch(line -> line.contains("\"what\":\"demote\"") && line.contains("\"moved\":true")));
    }

    @Test
    void whatTheDeviceEvictsIsLoadedFromAHostTierInsteadOfComputed() throws Exception {
        Trace trace = Workloads.agents(30, 12, 2);
        Comparison device = run(trace, 300, 1, 2);
        Comparison host = replay(trace, 300, 3_000, 1).run(STRATEGIES, RETENTIONS, 2, () -> {});
        for (int i = 0; i < STRATEGIES.size() * RETENTIONS.size(); i++) {
            PolicySummary with = host.policies().get(i);
            PolicySummary without = device.policies().get(i);
            String pair = with.strategy() + " " + with.retention();
            assertTrue(without.evictionTokens() > 0, pair);
            assertTrue(with.evictionTokens() < without.evictionTokens() / 2, pair);
        }
    }

    @Test
    void theOfflineBoundCountsTheMemoryBelowTheDevice() throws Exception {
        Trace trace = Workloads.agents(30, 12, 2);
        PolicySummary device = sticky(replay(trace, 150, 1));
        PolicySummary host = sticky(replay(trace, 150, 600, 1));
        assertTrue(host.hitRate() > device.offlineBound(), "keeps what devices alone could not");
        assertTrue(host.hitRate() <= host.offlineBound());
    }

    private static PolicySummary sticky(OfflineReplay replay) throws InterruptedException {
        return replay.run(List.of("sticky"), List.of("none"), 1, () -> {})
                .policies()
                .get(0);
    }

    @Property(tries = 15)
    void inEveryRunHoldsStayWithinBudgetTurnsEndOnceAndNoHitRateExceedsTheCeiling(
            @ForAll @IntRange(min = 1, max = 1_000_000) int seed,
            @ForAll @IntRange(min = 150, max = 900) int blocks,
            @ForAll @IntRange(min = 0, max = 900) int hostBlocks)
            throws InterruptedException {
        Trace trace = Workloads.agents(16, 8, seed);
        AtomicInteger ended = new AtomicInteger();
        Comparison comparison =
                replay(trace, blocks, hostBlocks, seed).run(STRATEGIES, RETENTIONS, 1, ended::incrementAndGet);

        assertEquals(trace.turns().size() * STRATEGIES.size() * RETENTIONS.size(), ended.get());
        for (PolicySummary policy : comparison.policies()) {
            String pair = policy.strategy() + " " + policy.retention();
            assertTrue(assertNotNullFigures(policy).mostHeldShare() <= 1, pair);
            assertTrue(policy.hitRate() <= comparison.infiniteCacheHitRate(), pair);
            assertEquals(
                    policy.prefillTokens(),
                    policy.coldTokens() + policy.evictionTokens() + policy.placementTokens() + policy.tailTokens(),
                    pair);
        }
    }
}
