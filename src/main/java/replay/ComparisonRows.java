package replay;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A comparison as rows of cells, the heads first; what was not measured is a dash. */
final class ComparisonRows {
    /** Columns of names, which come first and stand on the left; all others are numbers. */
    static final int NAMES = 2;

    static final String NOT_MEASURED = "-";
    private static final double MILLIS_PER_SECOND = 1000;
    private static final double TOKENS_PER_MILLION = 1e6;

    private ComparisonRows() {}

    /** A figure that is known for turns that were compared, or only where engines were seen from inside as well. */
    private record Column(String head, String pattern, boolean inside, ToDoubleFunction<PolicySummary> figure) {
        String cell(PolicySummary policy, boolean seenInside) {
            double value = policy.turns() > 0 && (seenInside || !inside) ? figure.applyAsDouble(policy) : Double.NaN;
            return Double.isNaN(value) ? NOT_MEASURED : String.format(Locale.ROOT, pattern, value);
        }
    }

    static List<List<String>> of(Comparison comparison) {
        List<Column> columns = columns(comparison);
        List<List<String>> rows = new ArrayList<>();
        List<String> heads = new ArrayList<>(List.of("strategy", "retention", "turns", "failed"));
        columns.forEach(column -> heads.add(column.head()));
        rows.add(heads);
        for (PolicySummary policy : comparison.policies()) {
            List<String> row = new ArrayList<>(List.of(
                    policy.strategy(),
                    policy.retention(),
                    Integer.toString(policy.turns()),
                    Integer.toString(policy.failed())));
            columns.forEach(column -> row.add(column.cell(policy, comparison.inside())));
            rows.add(row);
        }
        return rows;
    }

    private static List<Column> columns(Comparison comparison) {
        List<Column> columns = new ArrayList<>(List.of(
                new Column("hit rate", "%.4f", false, PolicySummary::hitRate),
                new Column("bound", "%.4f", true, PolicySummary::offlineBound),
                new Column(
                        "TTFT p50 s",
                        "%.2f",
                        false,
                        policy -> policy.ttftMillis().p50() / MILLIS_PER_SECOND),
                new Column("p90 s", "%.2f", false, policy -> policy.ttftMillis().p90() / MILLIS_PER_SECOND),
                new Column("p99 s", "%.2f", false, policy -> policy.ttftMillis().p99() / MILLIS_PER_SECOND),
                new Column("ITL p50 ms", "%.1f", false, policy -> policy.itlMillis()
                        .p50()),
                new Column("session p50 s", "%.0f", false, policy -> policy.sessionSeconds()
                        .p50())));
        if (comparison.policies().stream().anyMatch(policy -> policy.pulledTokens() > 0)) {
            columns.add(new Column("pulled Mtok", "%.1f", true, policy -> policy.pulledTokens() / TOKENS_PER_MILLION));
        }
        if (comparison.policies().stream().anyMatch(policy -> policy.remoteTokens() > 0)) {
            columns.add(new Column("remote Mtok", "%.1f", true, policy -> policy.remoteTokens() / TOKENS_PER_MILLION));
        }
        columns.addAll(List.of(
                new Column("prefill Mtok", "%.1f", false, policy -> policy.prefillTokens() / TOKENS_PER_MILLION),
                new Column("evicted Mtok", "%.1f", true, policy -> policy.evictionTokens() / TOKENS_PER_MILLION),
                new Column("placed Mtok", "%.1f", true, policy -> policy.placementTokens() / TOKENS_PER_MILLION),
                new Column("imbalance", "%.2f", true, PolicySummary::loadImbalance),
                new Column("total s", "%.0f", false, PolicySummary::makespanSeconds)));
        return columns;
    }
}
