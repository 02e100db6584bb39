package replay;

import java.util.List;
import java.util.Locale;

/** A comparison as lines for a terminal, or as a Markdown table; what was not measured is a dash. */
public final class ComparisonTable {
    private ComparisonTable() {}

    /** The table, its columns aligned, with the ceiling below. */
    public static String of(Comparison comparison) {
        List<List<String>> rows = ComparisonRows.of(comparison);
        int[] widths = new int[rows.get(0).size()];
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
        return text.append('\n').append(ceiling(comparison)).append('\n').toString();
    }

    /** The hit rate that none can exceed, in words. */
    static String ceiling(Comparison comparison) {
        double rate = comparison.infiniteCacheHitRate();
        return "infinite cache: hit rate "
                + (Double.isNaN(rate) ? ComparisonRows.NOT_MEASURED : String.format(Locale.ROOT, "%.4f", rate));
    }

    private static void line(StringBuilder text, List<String> row, int[] widths) {
        for (int i = 0; i < widths.length; i++) {
            String pad = " ".repeat(widths[i] - row.get(i).length());
            text.append("| ")
                    .append(i < ComparisonRows.NAMES ? row.get(i) + pad : pad + row.get(i))
                    .append(' ');
        }
        text.append("|\n");
    }

    private static void rule(StringBuilder text, int[] widths) {
        for (int i = 0; i < widths.length; i++) {
            text.append('|')
                    .append(i < ComparisonRows.NAMES ? "-".repeat(widths[i] + 2) : "-".repeat(widths[i] + 1) + ":");
        }
        text.append("|\n");
    }
}
