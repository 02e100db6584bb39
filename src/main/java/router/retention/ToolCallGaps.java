package router.retention;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Learns how long tool calls keep sessions away, and predicts the next gap.
 *
 * <p>Three pools, each leaning on the wider one until it has samples of its own: with n of them, a pool's own histogram
 * weighs n, the wider belief {@value #SHRINKAGE} (Dirichlet smoothing). The widest leans on a log-normal prior, the usual
 * shape of tool durations. From narrow to wide: this session with this tool, this tool, all tools.
 *
 * <p>Bounded: tools and sessions used least recently are forgotten.
 *
 * <p>Thread-safety: safe for concurrent use; a call takes the one lock for microseconds.
 *
 * @see <a href="https://arxiv.org/abs/2511.02230">Continuum</a>, which falls back from a tool's samples to all samples to a
 *     constant in steps instead
 */
public final class ToolCallGaps {
    private static final double SHRINKAGE = 8;
    private static final int POOLS = 4096;

    private final GapHistogram all = new GapHistogram();
    private final Map<String, GapHistogram> byTool = pools();
    private final Map<String, GapHistogram> bySession = pools();
    private final double[] prior;

    /**
     * @param medianSeconds of the prior belief, above 0
     * @param logSigma spread of the prior belief: standard deviation of the gap's natural logarithm, above 0
     */
    public ToolCallGaps(double medianSeconds, double logSigma) {
        if (!(medianSeconds > 0) || !(logSigma > 0)) {
            throw new IllegalArgumentException("a gap's median and spread are above 0");
        }
        prior = LogNormal.probabilities(StrictMath.log(medianSeconds), logSigma);
    }

    /** A gap after calls of these tools is over. */
    public synchronized void observe(String session, Collection<String> tools, Duration gap) {
        all.add(gap);
        for (String tool : tools) {
            byTool.computeIfAbsent(tool, name -> new GapHistogram()).add(gap);
            bySession
                    .computeIfAbsent(session + '\0' + tool, name -> new GapHistogram())
                    .add(gap);
        }
    }

    /** Belief about the gap after calls of these tools: that of the one which is expected to keep it longest. */
    public synchronized GapDistribution predict(String session, Collection<String> tools) {
        Optional<GapDistribution> slowest = tools.stream()
                .map(tool -> predict(session, tool))
                .max((one, other) -> one.quantile(0.5).compareTo(other.quantile(0.5)));
        return slowest.orElseGet(() -> new GapDistribution(leaning(all, prior)));
    }

    private GapDistribution predict(String session, String tool) {
        double[] belief = leaning(all, prior);
        belief = leaning(byTool.get(tool), belief);
        return new GapDistribution(leaning(bySession.get(session + '\0' + tool), belief));
    }

    private static double[] leaning(@Nullable GapHistogram own, double[] wider) {
        double[] belief = new double[GapHistogram.BUCKETS];
        double samples = own == null ? 0 : own.total();
        for (int i = 0; i < belief.length; i++) {
            double count = own == null ? 0 : own.count(i);
            belief[i] = (count + SHRINKAGE * wider[i]) / (samples + SHRINKAGE);
        }
        return belief;
    }

    private static Map<String, GapHistogram> pools() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, GapHistogram> eldest) {
                return size() > POOLS;
            }
        };
    }
}
