package agents.plan;

import java.time.Duration;
import java.util.function.LongToDoubleFunction;
import kv.KvTier;
import router.retention.GapDistribution;
import router.retention.ToolCallGaps;

/**
 * Keeps a context until its session is back with the wanted chance, by what {@link ToolCallGaps} has learned, within bounds.
 * Its density, by which holds yield to each other, is what keeping saves per byte and time:
 *
 * <pre>
 * density = P(back within the lease) · prefill milliseconds / (MiB · expected seconds held)
 * </pre>
 */
final class LearnedGaps implements GapPolicy {
    static final String NAME = "leases";
    private static final double MIB = 1 << 20;

    private final RetentionSettings settings;
    private final LongToDoubleFunction prefillMillis;
    private final ToolCallGaps gaps;

    LearnedGaps(RetentionSettings settings, LongToDoubleFunction prefillMillis) {
        this.settings = settings;
        this.prefillMillis = prefillMillis;
        this.gaps = new ToolCallGaps(settings.gapMedianSeconds(), settings.gapLogSpread());
    }

    @Override
    public Keep atGap(Gap gap) {
        GapDistribution belief = gaps.predict(gap.session().value(), gap.tools());
        Duration remaining = bounded(belief.quantile(settings.quantile()));
        return new Keep(
                remaining, density(gap.contextTokens(), belief, remaining), KvTier.DEVICE, settings.minCopies());
    }

    @Override
    public void onReturn(Gap gap, Duration lasted) {
        gaps.observe(gap.session().value(), gap.tools(), lasted);
    }

    private Duration bounded(Duration wanted) {
        if (wanted.compareTo(settings.minLease()) < 0) {
            return settings.minLease();
        }
        return wanted.compareTo(settings.maxLease()) > 0 ? settings.maxLease() : wanted;
    }

    private double density(int tokens, GapDistribution gap, Duration remaining) {
        double heldSeconds = Math.max(1e-3, gap.expectedHold(remaining).toNanos() / 1e9);
        double mebibytes = tokens * (double) settings.bytesPerToken() / MIB;
        return gap.within(remaining) * prefillMillis.applyAsDouble(tokens) / (mebibytes * heldSeconds);
    }
}
