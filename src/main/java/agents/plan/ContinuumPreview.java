package agents.plan;

import java.time.Duration;

/**
 * Keeps a context for 2 seconds, and not at all when calls of the same tools took longer than that on average. Re-implemented from the
 * preview that came with the Continuum paper (Whrlicht/vllm-continuum, {@code vllm/v1/core/estimate_with_func.py}), which does not do what
 * the paper says ({@link Continuum}).
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class ContinuumPreview implements GapPolicy {
    static final String NAME = "continuum-preview";
    private static final double THRESHOLD_SECONDS = 2;

    private final RetentionSettings settings;
    private final ToolDurations gaps = new ToolDurations();

    ContinuumPreview(RetentionSettings settings) {
        this.settings = settings;
    }

    @Override
    public synchronized Keep atGap(Gap gap) {
        return settings.keep(gaps.of(gap.tools()).mean() > THRESHOLD_SECONDS ? 0 : THRESHOLD_SECONDS);
    }

    @Override
    public synchronized void onReturn(Gap gap, Duration lasted) {
        gaps.add(gap.tools(), lasted.toNanos() / 1e9);
    }
}
