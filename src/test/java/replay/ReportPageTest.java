package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import replay.trace.Trace;

class ReportPageTest {
    private static final Pattern MARK =
            Pattern.compile("<circle cx=\"([^\"]+)\" cy=\"([^\"]+)\" r=\"5\" fill=\"[^\"]+\"><title>");

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
        assertTrue(page.contains("<tr><th>sticky<td style=\"background: rgb(0 114 178 / 0.00)\">0.2500<td>-"), page);
        assertTrue(page.contains("| sticky   | none      |"), page);
    }

    @Test
    void oneReplayAloneIsNotPlotted() {
        String page = ReportPage.of(comparison(policy("joint", "none", 0.5, 100)));

        assertFalse(page.contains("<svg"), page);
        assertTrue(page.contains("| joint    | none      |"), page);
    }

    @Test
    void namesFromOutsideAreText() {
        String page = ReportPage.of(comparison(policy("<b>", "none", 0.5, 100), policy("joint", "none", 0.5, 100)));

        assertFalse(page.contains("<b>") || page.contains("<script"), page);
        assertTrue(page.contains("Replay of &lt;script&gt;"), page);
    }

    @Property
    void everyMarkIsInsideThePlot(
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
        return new Comparison(trace, 4, 1, List.of(), 0.9, List.of(policies), List.of(), List.of());
    }

    private static PolicySummary policy(String strategy, String retention, double hitRate, double sessionSeconds) {
        Spread ttft = new Spread(2_000, 2_000, 2_000, 2_000, 2_000);
        Spread session = new Spread(sessionSeconds, sessionSeconds, sessionSeconds, sessionSeconds, sessionSeconds);
        return new PolicySummary(
                strategy,
                retention,
                10,
                10,
                0,
                hitRate,
                Double.NaN,
                ttft,
                ttft,
                session,
                0,
                0,
                0,
                0,
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
