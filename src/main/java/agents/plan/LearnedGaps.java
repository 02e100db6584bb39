package agents.plan;

import agents.session.GapHint;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;
import kv.KvTier;
import org.jspecify.annotations.Nullable;
import router.retention.GapDistribution;
import router.retention.ToolCallGaps;

/**
 * Keeps a context until its session is back with the wanted chance, by what {@link ToolCallGaps} has learned, within bounds.
 * Its density, by which holds yield to each other, is what keeping saves per byte and time:
 *
 * <pre>
 * density = P(back within the lease) · prefill milliseconds / (MiB · expected seconds held)
 * </pre>
 *
 * <p>What a colder tier keeps of it is to be on the device again when the session is back already with the smaller of two chances.
 *
 * <p>It is worth the device's room for as long as the chance of being back in the next second exceeds a second's share of what a load
 * is worth. With the chance {@code p(t)} of being back within {@code t} and a load worth {@code w} seconds on the device:
 *
 * <pre>
 * argmax over t: p(t) · w - E[min(gap, t)]
 * </pre>
 *
 * <p>Load and rent both grow with a context's bytes, so its length is not in it. It stays for the shortest lease in any case.
 *
 * <p>People's pauses are learned apart from tools', with a chance and bounds of their own.
 */
final class LearnedGaps implements GapPolicy {
    static final String NAME = "leases";
    private static final List<String> USER = List.of("user");
    private static final double MILLIS_PER_SECOND = 1000;

    private final RetentionSettings settings;
    private final LongToDoubleFunction prefillMillis;
    private final ToolCallGaps tools;
    private final ToolCallGaps users;

    LearnedGaps(RetentionSettings settings, LongToDoubleFunction prefillMillis) {
        this.settings = settings;
        this.prefillMillis = prefillMillis;
        this.tools = new ToolCallGaps(settings.gapMedianSeconds(), settings.gapLogSpread());
        this.users = new ToolCallGaps(
                settings.user().gapMedianSeconds(), settings.user().gapLogSpread());
    }

    @Override
    public Keep atGap(Gap gap) {
        return atGap(gap, GapHint.NONE);
    }

    @Override
    public Keep atGap(Gap gap, GapHint hint) {
        GapDistribution belief = away(gap, hint);
        Duration remaining = bounded(belief.quantile(settings.quantile()), hint, settings.maxLease());
        return new Keep(remaining, density(gap, belief, remaining), KvTier.DEVICE, settings.minCopies());
    }

    @Override
    public Optional<Duration> hotAgain(Gap gap, GapHint hint) {
        double chance = settings.prefetchQuantile();
        return chance == 0 ? Optional.empty() : Optional.of(away(gap, hint).quantile(chance));
    }

    @Override
    public Optional<Duration> coldAfter(Gap gap, GapHint hint) {
        Duration worth = settings.reloadWorth();
        if (worth.isZero()) {
            return Optional.empty();
        }
        Duration hot = away(gap, hint).worthHolding(worth.toNanos() / 1e6, MILLIS_PER_SECOND);
        return Optional.of(hot.compareTo(settings.minLease()) < 0 ? settings.minLease() : hot);
    }

    private GapDistribution away(Gap gap, GapHint hint) {
        return hinted(hint, tools.predict(gap.session().value(), gap.tools()));
    }

    @Override
    public Keep atIdle(Gap gap, GapHint hint) {
        if (settings.user().maxLease().isZero()) {
            return Keep.NOTHING;
        }
        GapDistribution belief = hinted(hint, users.predict(gap.session().value(), USER));
        Duration remaining = bounded(
                belief.quantile(settings.user().quantile()),
                hint,
                settings.user().maxLease());
        return new Keep(remaining, density(gap, belief, remaining), KvTier.DEVICE, 1);
    }

    private static GapDistribution hinted(GapHint hint, GapDistribution learned) {
        @Nullable Duration expected = hint.expected();
        return expected == null ? learned : GapDistribution.around(expected);
    }

    @Override
    public void onReturn(Gap gap, Duration lasted) {
        tools.observe(gap.session().value(), gap.tools(), lasted);
    }

    @Override
    public void onUserReturn(Gap gap, Duration lasted) {
        users.observe(gap.session().value(), USER, lasted);
    }

    private Duration bounded(Duration wanted, GapHint hint, Duration longest) {
        @Nullable Duration limit = hint.limit();
        Duration most = limit != null && limit.compareTo(longest) < 0 ? limit : longest;
        Duration bounded = wanted.compareTo(most) > 0 ? most : wanted;
        return bounded.compareTo(settings.minLease()) < 0 ? settings.minLease() : bounded;
    }

    private double density(Gap gap, GapDistribution belief, Duration remaining) {
        return Density.of(
                belief.within(remaining),
                prefillMillis.applyAsDouble(gap.contextTokens()),
                gap.contextTokens(),
                settings.bytesPerToken(),
                belief.expectedHold(remaining));
    }
}
