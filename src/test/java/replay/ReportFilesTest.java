package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import replay.trace.BlockRuns;
import replay.trace.Trace;
import replay.trace.TracedTurn;

class ReportFilesTest {
    private static final Trace TRACE = new Trace(
            "one turn",
            "synthetic",
            64,
            false,
            List.of("s"),
            List.of(new TracedTurn(
                    0, 0, new BlockRuns(new long[] {1}, new int[] {2}), 128, 5, false, new int[0], 0, 0, 0)),
            0);

    @Test
    void aLiveReplayHasNoFiguresFromInsideTheEngines() {
        JsonNode report = ReportFiles.report(comparison(0, true));
        JsonNode policy = report.get("policies").get(0);

        assertEquals(64, policy.get("prefillTokens").longValue());
        assertFalse(report.has("workers"), report::toPrettyString);
        for (String unknown : List.of(
                "offlineBoundHitRate",
                "pulledTokens",
                "remoteTokens",
                "recomputedTokens",
                "prefillTokensByCause",
                "evictionTokensByAbsence",
                "preemptions",
                "preemptedTokens",
                "loadImbalance")) {
            assertFalse(policy.has(unknown), unknown);
            assertEquals(
                    !unknown.equals("offlineBoundHitRate"),
                    ReportFiles.report(comparison(1, true))
                            .get("policies")
                            .get(0)
                            .has(unknown),
                    unknown);
        }
    }

    @Test
    void whereNoTurnIsServedThereAreNoRates() {
        Comparison comparison = comparison(1, false);
        JsonNode report = ReportFiles.report(comparison);
        JsonNode policy = report.get("policies").get(0);

        assertEquals(1, policy.get("failed").intValue());
        assertFalse(report.has("infiniteCacheHitRate"), report::toPrettyString);
        assertFalse(policy.has("hitRate") || policy.has("ttftMillis") || policy.has("loadImbalance"), policy::toString);
        assertTrue(ComparisonTable.of(comparison).endsWith("infinite cache: hit rate -\n"));
        assertEquals(List.of("1 turns failed: no room"), comparison.failures());
    }

    @Test
    void answersOfOneTokenHaveNoTimeBetweenTokens() {
        Comparison comparison = comparison(1, 1);
        JsonNode policy = ReportFiles.report(comparison).get("policies").get(0);

        assertFalse(policy.has("itlMillis"), policy::toString);
        assertEquals(10, policy.get("ttftMillis").get("mean").intValue());
        assertTrue(ReportFiles.report(comparison(1, 2)).get("policies").get(0).has("itlMillis"));
        List<List<String>> rows = ComparisonRows.of(comparison);
        assertEquals("-", rows.get(1).get(rows.get(0).indexOf("ITL p50 ms")));
    }

    private static Comparison comparison(int workers, boolean served) {
        return comparison(workers, served ? 5 : 0);
    }

    /** @param outputTokens of the one turn; 0 for none, since it is not served */
    private static Comparison comparison(int workers, int outputTokens) {
        boolean served = outputTokens > 0;
        TurnRecords turns = new TurnRecords(1);
        turns.arrived(0, 128, Math.max(1, outputTokens), 0);
        if (served) {
            turns.firstToken(0, 10);
            turns.cached(0, 64);
            turns.finished(0, 20);
        }
        PolicyOutcome outcome = new PolicyOutcome(
                "joint", "none", turns, new double[] {1}, new double[workers], 0, 0, new int[0], null, "", new long[0]);
        return Comparison.of(TRACE, 64, workers, 1, List.of(), List.of(outcome), List.of("no room"));
    }
}
