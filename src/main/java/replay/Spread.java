package replay;

import java.util.Arrays;

/**
 * Percentiles of a sample by nearest rank, and its mean; all NaN for an empty sample.
 *
 * <p>Thread-safety: immutable.
 */
public record Spread(double p50, double p90, double p99, double max, double mean) {

    /** Of the values that are not NaN. */
    static Spread of(double[] values) {
        double[] sorted = Arrays.stream(values)
                .filter(value -> !Double.isNaN(value))
                .sorted()
                .toArray();
        if (sorted.length == 0) {
            return new Spread(Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
        }
        double sum = 0;
        for (double value : sorted) {
            sum += value;
        }
        return new Spread(
                rank(sorted, 50), rank(sorted, 90), rank(sorted, 99), sorted[sorted.length - 1], sum / sorted.length);
    }

    /** Whether the sample had a value. */
    boolean measured() {
        return !Double.isNaN(mean);
    }

    private static double rank(double[] sorted, int percent) {
        int rank = (int) (((long) sorted.length * percent + 99) / 100);
        return sorted[Math.max(0, rank - 1)];
    }
}
