package replay;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A comparison as a page to look at: reuse against time, hit rates by placement and retention, and the whole table. It needs nothing
 * from elsewhere, and its bytes depend on the comparison alone.
 */
final class ReportPage {
    private static final String HEAD =
            """
            <!DOCTYPE html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Replay of TITLE</title>
            <style>
            :root { color-scheme: light dark }
            body { font: 14px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em }
            svg { width: 100%; height: auto; font-size: 12px }
            svg text { fill: currentColor }
            svg .small { font-size: 11px }
            svg .grid { stroke: currentColor; stroke-opacity: .15 }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums }
            th, td { padding: .2em .7em; text-align: right; white-space: nowrap }
            th:first-child { text-align: left }
            pre { overflow-x: auto }
            </style>
            <h1>Replay of TITLE</h1>
            """;

    private ReportPage() {}

    /** The page; pairs that served no turn are in its table only. */
    static String of(Comparison comparison) {
        StringBuilder page = new StringBuilder(
                HEAD.replace("TITLE", escaped(comparison.trace().name())));
        page.append("<p>").append(escaped(circumstances(comparison))).append("</p>\n");
        List<PolicySummary> policies = comparison.policies().stream()
                .filter(policy -> policy.turns() > 0)
                .toList();
        if (policies.size() > 1) {
            page.append("<h2>Reuse and time</h2>\n")
                    .append("<p>To the right more is reused, further down sessions are sooner done.</p>\n")
                    .append(ReuseAndTime.of(policies))
                    .append("<h2>Hit rate</h2>\n");
            hitRates(page, policies);
        }
        return page.append("<h2>All figures</h2>\n<pre>")
                .append(escaped(ComparisonTable.of(comparison)))
                .append("</pre>\n</html>\n")
                .toString();
    }

    private static String circumstances(Comparison comparison) {
        StringBuilder text = new StringBuilder(comparison.trace().turns().size() + " turns");
        if (comparison.workers() > 0) {
            text.append(", ").append(comparison.workers()).append(" workers");
        }
        text.append(", seed ").append(comparison.seed());
        for (Comparison.Condition condition : comparison.conditions()) {
            text.append(", ").append(condition.name()).append(' ').append(condition.value());
        }
        return text.toString();
    }

    /** A row for each placement, a column for each retention policy; the darker, the more is reused. */
    private static void hitRates(StringBuilder page, List<PolicySummary> policies) {
        Set<String> retentions = new LinkedHashSet<>();
        Map<String, Map<String, Double>> rates = new LinkedHashMap<>();
        for (PolicySummary policy : policies) {
            retentions.add(policy.retention());
            rates.computeIfAbsent(policy.strategy(), strategy -> new LinkedHashMap<>())
                    .put(policy.retention(), policy.hitRate());
        }
        double most =
                policies.stream().mapToDouble(PolicySummary::hitRate).max().orElse(0);
        double least =
                policies.stream().mapToDouble(PolicySummary::hitRate).min().orElse(0);
        page.append("<table>\n<tr><th>");
        retentions.forEach(retention -> page.append("<th>").append(escaped(retention)));
        rates.forEach((strategy, row) -> {
            page.append("\n<tr><th>").append(escaped(strategy));
            for (String retention : retentions) {
                Double rate = row.get(retention);
                page.append(
                        rate == null
                                ? "<td>-"
                                : String.format(
                                        Locale.ROOT,
                                        "<td style=\"background: rgb(0 114 178 / %.2f)\">%.4f",
                                        most > least ? 0.6 * (rate - least) / (most - least) : 0,
                                        rate));
            }
        });
        page.append("\n</table>\n");
    }

    /** Text for an element's content or an attribute in double quotes. */
    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
