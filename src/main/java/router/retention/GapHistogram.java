package router.retention;

import java.time.Duration;
import java.util.Arrays;

/**
 * Observed gaps in buckets whose widths grow by a fixed ratio, so that seconds and hours are told apart equally well.
 *
 * <p>Old observations fade: beyond {@value #MEMORY} the counts are halved, so a tool that changed is believed again soon.
 *
 * <p>Mutable, not thread safe.
 */
final class GapHistogram {
    /** Upper bound of the first bucket. */
    static final Duration SHORTEST = Duration.ofMillis(10);

    /** Four buckets double the duration: a quantile is off by a tenth at most. */
    private static final int BUCKETS_PER_DOUBLING = 4;

    /** The last bucket takes everything beyond two days. */
    static final int BUCKETS = 1 + 25 * BUCKETS_PER_DOUBLING;

    private static final int MEMORY = 1000;

    private final double[] counts = new double[BUCKETS];
    private double total;

    void add(Duration gap) {
        if (total >= MEMORY) {
            Arrays.setAll(counts, bucket -> counts[bucket] / 2);
            total /= 2;
        }
        counts[bucket(gap)]++;
        total++;
    }

    /** Number of observations, faded ones counting less. */
    double total() {
        return total;
    }

    double count(int bucket) {
        return counts[bucket];
    }

    /** The bucket of a duration: the one whose upper bound is the first not below it. */
    static int bucket(Duration gap) {
        double ratio = (double) gap.toNanos() / SHORTEST.toNanos();
        if (ratio <= 1) {
            return 0;
        }
        int bucket = (int) StrictMath.ceil(BUCKETS_PER_DOUBLING * StrictMath.log(ratio) / StrictMath.log(2) - 1e-9);
        return Math.min(BUCKETS - 1, bucket);
    }

    /** Longest duration in a bucket, in seconds. */
    static double upperSeconds(int bucket) {
        return SHORTEST.toNanos() / 1e9 * StrictMath.pow(2, (double) bucket / BUCKETS_PER_DOUBLING);
    }
}
