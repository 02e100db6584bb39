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

    /** A gap that somebody announced: as long as said, or somewhat longer. */
    public static GapDistribution announced(Duration length) {
        double[] probabilities = new double[GapHistogram.BUCKETS];
        int bucket = GapHistogram.bucket(length);
        // Announcements are rounded and optimistic: most of the mass at it, a quarter within its double.
        probabilities[bucket] += 0.75;
        for (int i = 1; i <= 4; i++) {
            probabilities[Math.min(GapHistogram.BUCKETS - 1, bucket + i)] += 0.25 / 4;
        }
        return new GapDistribution(probabilities);
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
