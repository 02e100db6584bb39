package agents.plan;

import java.time.Duration;
import kv.KvTier;
import router.retention.LeaseTerms;

/**
 * Section {@code holdfast.agents.retention}.
 *
 * <p>Thread-safety: immutable.
 *
 * @param policy name of the policy, see {@link GapPolicies}
 * @param quantile chance that the session is back before its lease ends, above 0 and below 1
 * @param prefetchQuantile chance that the session is back before what a colder tier keeps of it is brought to the device, at least 0
 *     and below 1; 0 for not before it is back
 * @param reloadWorth time on the device that costs as much as a load from a colder tier, at least zero; zero for moving nothing there
 * @param minLease shortest lease
 * @param maxLease longest lease
 * @param minCopies copies that shall exist at once, at least 1
 * @param bytesPerToken size of one token's KV in an engine's memory
 * @param batchTokens tokens of turns that run beside another on a worker, at least 0
 * @param gapMedianSeconds how long a tool call takes, as believed before any was seen
 * @param gapLogSpread standard deviation of its natural logarithm
 * @param user what is kept while a person keeps a session away
 * @param systemLease how long a system prompt is kept after the last turn that began with it; zero for not at all
 */
public record RetentionSettings(
        String policy,
        double quantile,
        double prefetchQuantile,
        Duration reloadWorth,
        Duration minLease,
        Duration maxLease,
        int minCopies,
        long bytesPerToken,
        long batchTokens,
        double gapMedianSeconds,
        double gapLogSpread,
        User user,
        Duration systemLease) {
    public RetentionSettings {
        require(quantile > 0 && quantile < 1, "quantile is above 0 and below 1, got " + quantile);
        require(
                prefetchQuantile >= 0 && prefetchQuantile < 1,
                "prefetch-quantile is at least 0 and below 1, got " + prefetchQuantile);
        require(!reloadWorth.isNegative(), "reload-worth is below 0, got " + reloadWorth);
        require(!minLease.isNegative() && !minLease.isZero(), "min-lease is above 0, got " + minLease);
        require(maxLease.compareTo(minLease) >= 0, "max-lease is below min-lease: " + maxLease);
        require(
                minCopies >= 1 && minCopies <= LeaseTerms.MAX_COPIES,
                "min-copies is 1 to " + LeaseTerms.MAX_COPIES + ", got " + minCopies);
        require(batchTokens >= 0, "batch-tokens is at least 0, got " + batchTokens);
        require(bytesPerToken >= 1, "bytes-per-token is at least 1, got " + bytesPerToken);
    }

    /**
     * How a turn that ended without tool calls is kept.
     *
     * @param quantile chance that the person is back before the lease ends, above 0 and below 1
     * @param maxLease longest such lease; zero for none
     * @param gapMedianSeconds how long a person takes, as believed before any was seen
     * @param gapLogSpread standard deviation of its natural logarithm
     */
    public record User(double quantile, Duration maxLease, double gapMedianSeconds, double gapLogSpread) {
        public User {
            require(quantile > 0 && quantile < 1, "user.quantile is above 0 and below 1, got " + quantile);
        }
    }

    /** The same under another policy. */
    public RetentionSettings with(String otherPolicy) {
        return new RetentionSettings(
                otherPolicy,
                quantile,
                prefetchQuantile,
                reloadWorth,
                minLease,
                maxLease,
                minCopies,
                bytesPerToken,
                batchTokens,
                gapMedianSeconds,
                gapLogSpread,
                user,
                systemLease);
    }

    /**
     * Keeps something for a time, in seconds, that a policy without a notion of density chose; what is asked for later yields later.
     * Whatever the policy chose, {@code maxLease} bounds it.
     */
    GapPolicy.Keep keep(double seconds) {
        Duration chosen = Duration.ofNanos(StrictMath.round(seconds * 1e9));
        Duration bounded = chosen.compareTo(maxLease) > 0 ? maxLease : chosen;
        return new GapPolicy.Keep(bounded, 1, KvTier.DEVICE, minCopies);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException("holdfast.agents.retention." + message);
        }
    }
}
