package replay;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A comparison as a page to look at: reuse against time, hit rates by strategy and retention, and the whole table. It needs nothing
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
            body { font: 14px/1.5 system-ui, sans-serif; max-width: 1400px; margin: 2em auto; padding: 0 1em }
            p, svg { max-width: 1000px }
            svg { display: block; width: 100%; height: auto; font-size: 12px }
            svg text { fill: currentColor }
            svg .heading { font-weight: bold }
            svg .letter { font-size: 11px; font-weight: bold }
            svg .light { fill: #fff }
            svg .dark { fill: #000 }
            svg .grid { stroke: currentColor; stroke-opacity: .15 }
            svg .aside { stroke: currentColor; stroke-opacity: .6 }
            svg .exact { fill: currentColor }
            .scroll { overflow: auto; max-height: 90vh }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums }
            th, td { padding: .2em .6em; text-align: right; white-space: nowrap }
            thead th { position: sticky; top: 0; z-index: 1; background: Canvas; vertical-align: bottom; white-space: normal }
            .name { text-align: left }
            tbody th { font-weight: normal }
            tbody tr:hover { background: rgb(128 128 128 / .15) }
            </style>
            <h1>Replay of TITLE</h1>
            """;

    private ReportPage() {}

    /** The page; where there is nothing to plot it says why. */
    static String of(Comparison comparison) {
        StringBuilder page = new StringBuilder(
                HEAD.replace("TITLE", escaped(comparison.trace().name())));
        paragraph(page, circumstances(comparison));
        comparison.failures().forEach(line -> paragraph(page, line));
        List<PolicySummary> policies = comparison.policies().stream()
                .filter(policy -> policy.turns() > 0)
                .toList();
        if (policies.size() > 1) {
            page.append("<h2>Reuse and time</h2>\n")
                    .append("<p>To the right more is reused, further down sessions are sooner done. A mark that would "
                            + "cover another is set aside, with a line to its place.</p>\n")
                    .append(ReuseAndTime.of(policies))
                    .append("<h2>Hit rate</h2>\n");
            hitRates(page, policies);
        } else {
            paragraph(
                    page,
                    policies.isEmpty()
                            ? "There is no plot, because no turn was served under every pair."
                            : "There is no plot, because one pair alone has none to be compared with.");
        }
        page.append("<h2>All figures</h2>\n");
        figures(page, ComparisonRows.of(comparison));
        paragraph(page, ComparisonTable.ceiling(comparison));
        return page.append("</html>\n").toString();
    }

    private static void paragraph(StringBuilder page, String text) {
        page.append("<p>").append(escaped(text)).append("</p>\n");
    }

    private static void figures(StringBuilder page, List<List<String>> rows) {
        page.append("<div class=\"scroll\"><table>\n<thead>");
        for (int i = 0; i < rows.size(); i++) {
            page.append(i == 1 ? "\n<tbody>" : "").append("\n<tr>");
            for (int column = 0; column < rows.get(i).size(); column++) {
                boolean name = column < ComparisonRows.NAMES;
                page.append(i == 0 || name ? "<th" : "<td")
                        .append(name ? " class=\"name\">" : ">")
                        .append(escaped(rows.get(i).get(column)));
            }
        }
        page.append("\n</table></div>\n");
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

    /** A row for each strategy, a column for each retention policy; the darker, the more is reused. */
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
        page.append("<div class=\"scroll\"><table>\n<thead>\n<tr><th class=\"name\">strategy");
        retentions.forEach(retention -> page.append("<th>").append(escaped(retention)));
        page.append("\n<tbody>");
        rates.forEach((strategy, row) -> {
            page.append("\n<tr><th class=\"name\">").append(escaped(strategy));
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
        page.append("\n</table></div>\n");
    }

    /** Text for an element's content or an attribute in double quotes. */
    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
