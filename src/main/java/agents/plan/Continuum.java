package agents.plan;

import inference.SessionId;
import java.time.Duration;
import java.util.function.LongToDoubleFunction;

/**
 * Keeps a context for the time that pays most by the gaps observed, as the Continuum paper has it:
 *
 * <pre>
 * τ = argmax over {0} ∪ {observed gaps} of P(gap ≤ τ) · (η · T + R) − τ
 * </pre>
 *
 * with T the mean time that turns wait for their first token beyond their prefill, R the prefill of the context, both in seconds, and η
 * from {@link TurnsLeft}. P is the observed share of the same tools; of all tools while there are fewer than 100 of these; and with fewer
 * than 100 at all τ is 2 s. Sessions go first in the queue that came first.
 *
 * <p>Re-implemented from the paper. Differences: R is predicted by the timing model, not refitted on the last 32 prefills; gaps older than
 * the last thousand are forgotten; η is kept within 0 and 1 and is 1 until sessions have ended (ours).
 *
 * <p>Thread-safety: safe for concurrent use; a call takes the one lock for less than a millisecond.
 *
 * @see <a href="https://arxiv.org/abs/2511.02230">Continuum</a>
 */
final class Continuum implements GapPolicy {
    static final String NAME = "continuum";
    private static final int ENOUGH = 100;
    private static final double DEFAULT_SECONDS = 2;

    private final RetentionSettings settings;
    private final LongToDoubleFunction prefillMillis;
    private final ToolDurations gaps = new ToolDurations();
    private final DurationSamples queued = new DurationSamples(1000);
    private final TurnsLeft turnsLeft = new TurnsLeft();

    Continuum(RetentionSettings settings, LongToDoubleFunction prefillMillis) {
        this.settings = settings;
        this.prefillMillis = prefillMillis;
    }

    @Override
    public synchronized Keep atGap(Gap gap) {
        queued.add(seconds(gap.queued()));
        DurationSamples ofTools = gaps.of(gap.tools());
        DurationSamples known = ofTools.count() < ENOUGH ? gaps.all() : ofTools;
        double saved = turnsLeft.foretold() * queued.mean() + prefillMillis.applyAsDouble(gap.contextTokens()) / 1000;
        return settings.keep(known.count() < ENOUGH ? DEFAULT_SECONDS : best(known.sorted(), saved));
    }

    /** @param saved what a hit saves, in seconds */
    static double best(double[] sorted, double saved) {
        double best = 0;
        double most = 0;
        for (int i = 0; i < sorted.length; i++) {
            double gain = (i + 1.0) / sorted.length * saved - sorted[i];
            // Of equal gaps the last one counts them all.
            if (gain > most) {
                most = gain;
                best = sorted[i];
            }
        }
        return best;
    }

    @Override
    public synchronized void onReturn(Gap gap, Duration lasted) {
        gaps.add(gap.tools(), seconds(lasted));
    }

    @Override
    public synchronized void onClosed(SessionId session, long turns) {
        turnsLeft.add(turns);
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }
}
