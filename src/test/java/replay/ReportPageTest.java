package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import replay.trace.Trace;

class ReportPageTest {
    private static final Pattern MARK = Pattern.compile(
            "<g class=\"mark\" transform=\"translate\\(([^ ]+) ([^)]+)\\)\"><title>([^:]+):.*?</title>(.*)</g>");

    @Test
    void everyPairHasItsMarkItsCellAndItsRow() {
        String page = ReportPage.of(comparison(
                policy("joint", "none", 0.5, 100),
                policy("joint", "leases", 0.75, 90),
                policy("sticky", "none", 0.25, 400)));

        assertEquals(3, marks(page).size());
        assertTrue(
                page.contains("<title>joint, leases: hit rate 0.7500, mean session 90 s, TTFT p50 2.00 s, p99 2.00 s<"),
                page);
        assertTrue(
                page.contains(
                        "<tr><th class=\"name\">sticky<td style=\"background: rgb(0 114 178 / 0.00)\">0.2500<td>-"),
                page);
        assertTrue(page.contains("<tr><th class=\"name\">sticky<th class=\"name\">none<td>10<td>0<td>0.2500"), page);
    }

    @Test
    void oneReplayAloneIsNotPlotted() {
        String page = ReportPage.of(comparison(policy("joint", "none", 0.5, 100)));

        assertFalse(page.contains("<svg"), page);
        assertTrue(page.contains("no plot, because one pair alone"), page);
        assertTrue(page.contains("<th class=\"name\">joint<th class=\"name\">none<td>10"), page);
    }

    @Test
    void namesFromOutsideAreText() {
        String page = ReportPage.of(comparison(policy("<b>", "none", 0.5, 100), policy("joint", "none", 0.5, 100)));

        assertFalse(page.contains("<b>") || page.contains("<script"), page);
        assertTrue(page.contains("Replay of &lt;script&gt;"), page);
    }

    @Test
    void thePageSaysWhyTurnsFailed() {
        String page = ReportPage.of(
                comparison(policy("joint", "none", 0, 2, 0, 0, 0), policy("sticky", "none", 0, 2, 0, 0, 0)));

        assertTrue(page.contains("<p>2 turns failed: too &lt;large&gt;</p>"), page);
        assertTrue(page.contains("no plot, because no turn was served"), page);
    }

    @Test
    void whatWasPulledIsAColumnWhereAnyPulled() {
        PolicySummary alone = policy("joint", "none", 0.5, 100);
        PolicySummary pulling = policy("sticky", "none", 10, 0, 0.5, 90, 2_300_000);

        assertFalse(ReportPage.of(comparison(alone)).contains("pulled Mtok"));
        assertFalse(ComparisonTable.of(comparison(alone)).contains("pulled Mtok"));
        assertTrue(ReportPage.of(comparison(alone, pulling)).contains("<th>pulled Mtok"));
        assertTrue(ReportPage.of(comparison(alone, pulling)).contains("<td>2.3<td>"));
        assertTrue(ComparisonTable.of(comparison(alone, pulling)).contains("| pulled Mtok |"));
    }

    @Test
    void twelveStrategiesUnderThirteenRetentionPoliciesLookDifferent() {
        List<PolicySummary> policies = new ArrayList<>();
        for (int i = 0; i < 12 * 13; i++) {
            policies.add(policy("s" + i % 12, "r" + i / 12, i / 200.0, 100 + i % 7));
        }

        Set<String> looks = new HashSet<>();
        Matcher found = MARK.matcher(ReportPage.of(comparison(policies.toArray(PolicySummary[]::new))));
        while (found.find()) {
            assertTrue(looks.add(found.group(4)), found.group(3) + " looks like another");
        }
        assertEquals(policies.size(), looks.size());
    }

    @Property
    void everyMarkIsInsideThePlotAndNoneCoversAnother(
            @ForAll @Size(min = 2, max = 30) List<@DoubleRange(min = 0, max = 1) Double> rates,
            @ForAll @DoubleRange(min = 0.01, max = 1e6) double longest) {
        List<PolicySummary> policies = new ArrayList<>();
        for (int i = 0; i < rates.size(); i++) {
            policies.add(policy("s" + i, "r" + i % 12, rates.get(i), longest * (i + 1) / rates.size()));
        }

        List<double[]> marks = marks(ReportPage.of(comparison(policies.toArray(PolicySummary[]::new))));

        assertEquals(policies.size(), marks.size());
        for (double[] mark : marks) {
            assertTrue(mark[0] >= 80 && mark[0] <= 670 && mark[1] >= 20 && mark[1] <= 430, mark[0] + " " + mark[1]);
            for (double[] other : marks) {
                assertTrue(
                        mark == other || Math.hypot(mark[0] - other[0], mark[1] - other[1]) > 19,
                        mark[0] + " " + mark[1] + " and " + other[0] + " " + other[1]);
            }
        }
    }

    private static List<double[]> marks(String page) {
        List<double[]> marks = new ArrayList<>();
        Matcher found = MARK.matcher(page);
        while (found.find()) {
            marks.add(new double[] {Double.parseDouble(found.group(1)), Double.parseDouble(found.group(2))});
        }
        return marks;
    }

    private static Comparison comparison(PolicySummary... policies) {
        Trace trace = new Trace("<script>", "none", 64, false, List.of(), List.of(), 0);
        return new Comparison(trace, 4, 1, List.of(), 0.9, List.of(policies), List.of(), List.of("too <large>"));
    }

    private static PolicySummary policy(String strategy, String retention, double hitRate, double sessionSeconds) {
        return policy(strategy, retention, 10, 0, hitRate, sessionSeconds, 0);
    }

    private static PolicySummary policy(
            String strategy,
            String retention,
            int served,
            int failed,
            double hitRate,
            double sessionSeconds,
            long pulledTokens) {
        Spread ttft = new Spread(2_000, 2_000, 2_000, 2_000, 2_000);
        Spread session = new Spread(sessionSeconds, sessionSeconds, sessionSeconds, sessionSeconds, sessionSeconds);
        return new PolicySummary(
                strategy,
                retention,
                served,
                served,
                failed,
                hitRate,
                Double.NaN,
                ttft,
                ttft,
                session,
                0,
                0,
                pulledTokens,
                0,
                0,
                new LostContexts(Map.of()),
                0,
                0,
                0,
                0,
                0,
                1,
                null,
                1);
    }
}
