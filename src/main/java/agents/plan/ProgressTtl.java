package agents.plan;

import inference.SessionId;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import router.retention.Normal;

/**
 * Keeps a context for the time of least expected cost under a log-normal fitted to the session's own last 100 gaps, 10 s at most:
 *
 * <pre>
 * C = (0.0660 + 0.0570·x + 0.0044057·x²)(2 − α), with x thousands of tokens to prefill again and α = 0.15
 * τ = argmax of P(T &lt; d)·C − E[T; T &lt; d] − d·P(T ≥ d) over 0 and 32 times from 0.05 s to 10 s, evenly spaced in their logarithms
 * </pre>
 *
 * Without samples it keeps nothing. The polynomial is seconds on the machine it was measured on. Its router's part, which admits a
 * turn only if the batch gains by it, is {@code router.placement.BatchGain}.
 *
 * <p>Re-implemented from the vLLM router's pull request 286, {@code docs/program_scheduling.md}: its author's description, the code was
 * not read. Left out: reserving growth for the rounds a program is expected to have. A session's lines of prompts count as one program;
 * a single gap is fitted with no spread.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class ProgressTtl implements GapPolicy {
    static final String NAME = "progress-ttl";
    private static final int SAMPLES = 100;
    private static final int SESSIONS = 4096;
    private static final int CANDIDATES = 32;
    private static final double SHORTEST_SECONDS = 0.05;
    private static final double LONGEST_SECONDS = 10;
    private static final double ALPHA = 0.15;
    private static final double LEAST_SPREAD = 1e-9;

    private final RetentionSettings settings;
    private final Map<SessionId, DurationSamples> gaps = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<SessionId, DurationSamples> eldest) {
            return size() > SESSIONS;
        }
    };

    ProgressTtl(RetentionSettings settings) {
        this.settings = settings;
    }

    @Override
    public synchronized Keep atGap(Gap gap) {
        DurationSamples known = gaps.get(gap.session());
        return settings.keep(known == null ? 0 : best(known.inOrder(), gap.contextTokens()));
    }

    /** The time to keep a context of so many tokens, in seconds. */
    static double best(double[] gapSeconds, int contextTokens) {
        double mean = 0;
        double squares = 0;
        for (double seconds : gapSeconds) {
            double log = StrictMath.log(Math.max(1e-3, seconds));
            mean += log / gapSeconds.length;
            squares += log * log / gapSeconds.length;
        }
        double spread = Math.max(LEAST_SPREAD, Math.sqrt(Math.max(0, squares - mean * mean)));
        double best = 0;
        double most = 0;
        for (int i = 0; i < CANDIDATES; i++) {
            double share = i / (CANDIDATES - 1.0);
            double d = SHORTEST_SECONDS * StrictMath.pow(LONGEST_SECONDS / SHORTEST_SECONDS, share);
            double gain = gain(d, mean, spread, cost(contextTokens));
            if (gain > most) {
                most = gain;
                best = d;
            }
        }
        return best;
    }

    private static double gain(double d, double mean, double spread, double cost) {
        double z = (StrictMath.log(d) - mean) / spread;
        double back = Normal.below(z);
        double held = StrictMath.exp(mean + spread * spread / 2) * Normal.below(z - spread);
        return back * cost - held - d * (1 - back);
    }

    /** What prefilling so many tokens again costs, in seconds. */
    static double cost(int contextTokens) {
        double x = contextTokens / 1000.0;
        return (0.0660 + 0.0570 * x + 0.0044057 * x * x) * (2 - ALPHA);
    }

    @Override
    public synchronized void onReturn(Gap gap, Duration lasted) {
        gaps.computeIfAbsent(gap.session(), session -> new DurationSamples(SAMPLES))
                .add(lasted.toNanos() / 1e9);
    }

    @Override
    public synchronized void onClosed(SessionId session, long turns) {
        gaps.remove(session);
    }
}
