package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import cluster.RetentionConfig;
import cluster.RouterConfig;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LostContextsTest {
    @Test
    void tokensCountWhereTheirTurnBelongs() {
        TurnRecords turns = new TurnRecords(5);
        lost(turns, 0, Double.NaN, 0, 1);
        lost(turns, 1, 29_999, 59_999, 10);
        lost(turns, 2, 30_000, 60_000, 100);
        lost(turns, 3, 120_000, 540_000, 1_000);
        lost(turns, 4, 0, 0, 10_000);

        LostContexts lost = LostContexts.of(turns, new boolean[] {true, true, true, true, false});

        assertEquals(
                List.of("under30s", "under120s", "longer", "firstTurns"),
                List.copyOf(lost.tokens().keySet()));
        assertEquals(row(10, 0, 0), lost.tokens().get("under30s"));
        assertEquals(row(0, 100, 0), lost.tokens().get("under120s"));
        assertEquals(row(0, 0, 1_000), lost.tokens().get("longer"));
        assertEquals(row(1, 0, 0), lost.tokens().get("firstTurns"));
    }

    @Test
    void aReplaysPartsAddUpToWhatWasEvictedAndOnlyFirstTurnsWereNeverAway() throws Exception {
        Config config = ConfigFactory.load();
        ReplaySettings settings =
                new ReplaySettings(3, 64, 200, 0, 0, 0, false, 16, 2_048, 12, 60, 1, 50, 1, 32, "measured", 1);
        Comparison comparison = new OfflineReplay(
                        Workloads.agents(20, 10, 4),
                        settings,
                        RouterConfig.placement(config),
                        RetentionConfig.replayed(config),
                        false,
                        () -> 0)
                .run(List.of("joint"), List.of("leases"), 1, () -> {});

        PolicySummary policy = comparison.policies().get(0);
        Map<String, Map<String, Long>> tokens = policy.lost().tokens();
        assertEquals(
                policy.evictionTokens(),
                tokens.values().stream()
                        .flatMap(waits -> waits.values().stream())
                        .mapToLong(Long::longValue)
                        .sum());
        assertTrue(sum(tokens, "under30s") > 0 && sum(tokens, "under120s") > 0, tokens::toString);
    }

    private static long sum(Map<String, Map<String, Long>> tokens, String away) {
        return tokens.getOrDefault(away, Map.of()).values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    private static Map<String, Long> row(long shortly, long longer, long letIn) {
        return Map.of("under60s", shortly, "under540s", longer, "longer", letIn);
    }

    private static void lost(TurnRecords turns, int turn, double awayMillis, double queuedMillis, int tokens) {
        turns.away(turn, awayMillis);
        turns.queued(turn, queuedMillis);
        turns.evictionTokens[turn] = tokens;
    }
}
