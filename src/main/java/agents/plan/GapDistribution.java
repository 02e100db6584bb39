package agents.plan;

import java.time.Duration;

/**
 * Belief about how long one gap will last, as probabilities of the buckets of {@link GapHistogram}.
 *
 * <p>Thread-safety: immutable.
 */
public final class GapDistribution {
    private final double[] probabilities;

    /** @param probabilities by bucket, summing to 1; handed over */
    GapDistribution(double[] probabilities) {
        this.probabilities = probabilities;
    }

    /** Chance that the gap ends within a time, 0 to 1; grows with it. */
    public double within(Duration time) {
        int last = GapHistogram.bucket(time);
        double sum = 0;
        for (int i = 0; i <= last; i++) {
            sum += probabilities[i];
        }
        return Math.min(1, sum);
    }

    /** Shortest time within which the gap ends with at least the given chance, 0 to 1. */
    public Duration quantile(double chance) {
        double sum = 0;
        for (int i = 0; i < probabilities.length; i++) {
            sum += probabilities[i];
            if (sum >= chance - 1e-12) {
                return seconds(GapHistogram.upperSeconds(i));
            }
        }
        return seconds(GapHistogram.upperSeconds(probabilities.length - 1));
    }

    /** How long a thing is held on average that is let go at the gap's end, or at {@code limit} if that comes first. */
    public Duration expectedHold(Duration limit) {
        double limitSeconds = limit.toNanos() / 1e9;
        double expected = 0;
        for (int i = 0; i < probabilities.length; i++) {
            expected += probabilities[i] * Math.min(limitSeconds, GapHistogram.upperSeconds(i));
        }
        return seconds(expected);
    }

    private static Duration seconds(double seconds) {
        return Duration.ofNanos(StrictMath.round(seconds * 1e9));
    }
}
