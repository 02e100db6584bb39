package router.retention;

import java.time.Duration;

/**
 * Belief about how long one gap will last, as probabilities of the buckets of {@link GapHistogram}.
 *
 * <p>Thread-safety: immutable.
 */
public final class GapDistribution {
    /** Standard deviation of the natural logarithm around what a harness says. */
    private static final double HINT_SPREAD = 0.25;

    private final double[] probabilities;

    /** @param probabilities by bucket, summing to 1; handed over */
    GapDistribution(double[] probabilities) {
        this.probabilities = probabilities;
    }

    /**
     * A harness's own word: log-normal around it, with a spread in which a fifth more is as likely as a fifth less.
     *
     * @param expected median of the gap
     */
    public static GapDistribution around(Duration expected) {
        double median = Math.max(expected.toNanos(), GapHistogram.SHORTEST.toNanos()) / 1e9;
        return new GapDistribution(LogNormal.probabilities(StrictMath.log(median), HINT_SPREAD));
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

    /**
     * How long to hold a thing whose loss costs something at the gap's end, while holding it costs by time: the time of greatest
     * expected net gain, zero when none gains. With chance p(t) that the gap ends within t:
     *
     * <pre>
     * argmax over t: p(t) · loss - rent · E[min(gap, t)]
     * </pre>
     *
     * @param lossMillis cost of having to make it anew
     * @param rentMillisPerSecond cost of holding it for a second
     */
    public Duration worthHolding(double lossMillis, double rentMillisPerSecond) {
        double best = 0;
        int bestBucket = -1;
        double within = 0;
        double heldOfEnded = 0;
        for (int i = 0; i < probabilities.length; i++) {
            double upper = GapHistogram.upperSeconds(i);
            within += probabilities[i];
            heldOfEnded += probabilities[i] * upper;
            double held = heldOfEnded + Math.max(0, 1 - within) * upper;
            double gain = within * lossMillis - rentMillisPerSecond * held;
            if (gain > best) {
                best = gain;
                bestBucket = i;
            }
        }
        return bestBucket < 0 ? Duration.ZERO : seconds(GapHistogram.upperSeconds(bestBucket));
    }

    private static Duration seconds(double seconds) {
        return Duration.ofNanos(StrictMath.round(seconds * 1e9));
    }
}
