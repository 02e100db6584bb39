package replay;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A comparison as lines for a terminal, or as a Markdown table; what was not measured is a dash. */
public final class ComparisonTable {
    private static final double MILLIS_PER_SECOND = 1000;
    private static final double TOKENS_PER_MILLION = 1e6;
    private static final List<String> HEAD = List.of(
            "strategy",
            "retention",
            "turns",
            "failed",
            "hit rate",
            "bound",
            "TTFT p50 s",
            "p90 s",
            "p99 s",
            "ITL p50 ms",
            "session p50 s",
            "prefill Mtok",
            "evicted Mtok",
            "placed Mtok",
            "imbalance",
            "total s");

    /** Column of the last text, which stands on the left. */
    private static final int LAST_NAME = 1;

    private ComparisonTable() {}

    /** The table, its columns aligned, with the ceiling below. */
    public static String of(Comparison comparison) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(HEAD);
        comparison.policies().forEach(policy -> rows.add(cells(policy, comparison.workers() > 0)));
        int[] widths = new int[HEAD.size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows.size(); i++) {
            line(text, rows.get(i), widths);
            if (i == 0) {
                rule(text, widths);
            }
        }
        return text.append(format("\ninfinite cache: hit rate %.4f\n", comparison.infiniteCacheHitRate()))
                .toString();
    }

    /** @param inside whether engines were seen from inside, as only an offline replay's are */
    private static List<String> cells(PolicySummary policy, boolean inside) {
        boolean any = policy.turns() > 0;
        return List.of(
                policy.strategy(),
                policy.retention(),
                Integer.toString(policy.turns()),
                Integer.toString(policy.failed()),
                measured(any, "%.4f", policy.hitRate()),
                measured(any && inside, "%.4f", policy.offlineBound()),
                measured(any, "%.2f", policy.ttftMillis().p50() / MILLIS_PER_SECOND),
                measured(any, "%.2f", policy.ttftMillis().p90() / MILLIS_PER_SECOND),
                measured(any, "%.2f", policy.ttftMillis().p99() / MILLIS_PER_SECOND),
                measured(any, "%.1f", policy.itlMillis().p50()),
                measured(any, "%.0f", policy.sessionSeconds().p50()),
                measured(any, "%.1f", policy.prefillTokens() / TOKENS_PER_MILLION),
                measured(any && inside, "%.1f", policy.evictionTokens() / TOKENS_PER_MILLION),
                measured(any && inside, "%.1f", policy.placementTokens() / TOKENS_PER_MILLION),
                measured(any && inside, "%.2f", policy.loadImbalance()),
                measured(any, "%.0f", policy.makespanSeconds()));
    }

    private static String measured(boolean measured, String pattern, double value) {
        return measured ? format(pattern, value) : "-";
    }

    private static String format(String pattern, double value) {
        return String.format(Locale.ROOT, pattern, value);
    }

    private static void line(StringBuilder text, List<String> row, int[] widths) {
        for (int i = 0; i < widths.length; i++) {
            String pad = " ".repeat(widths[i] - row.get(i).length());
            text.append("| ")
                    .append(i <= LAST_NAME ? row.get(i) + pad : pad + row.get(i))
                    .append(' ');
        }
        text.append("|\n");
    }

    private static void rule(StringBuilder text, int[] widths) {
        for (int i = 0; i < widths.length; i++) {
            text.append('|').append(i <= LAST_NAME ? "-".repeat(widths[i] + 2) : "-".repeat(widths[i] + 1) + ":");
        }
        text.append("|\n");
    }
}
