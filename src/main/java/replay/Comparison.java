package replay;

import java.util.Arrays;
import java.util.List;
import replay.trace.Trace;

/**
 * Policies side by side over the turns that all of them served.
 *
 * <p>Thread-safety: immutable.
 *
 * @param conditions what the run was made with, name to value, in order
 * @param infiniteCacheHitRate ceiling of every hit rate
 */
public record Comparison(
        Trace trace,
        int workers,
        long seed,
        List<Condition> conditions,
        double infiniteCacheHitRate,
        List<PolicySummary> policies,
        List<PolicyOutcome> outcomes) {
    public Comparison {
        conditions = List.copyOf(conditions);
        policies = List.copyOf(policies);
        outcomes = List.copyOf(outcomes);
    }

    /** A circumstance that a figure depends on. */
    public record Condition(String name, Object value) {}

    /**
     * Compares outcomes over one trace.
     *
     * @param blockSizeTokens block size of the run
     */
    public static Comparison of(
            Trace trace,
            int blockSizeTokens,
            int workers,
            long seed,
            List<Condition> conditions,
            List<PolicyOutcome> outcomes) {
        boolean[] served = new boolean[trace.turns().size()];
        boolean[] compared = new boolean[served.length];
        Arrays.fill(compared, true);
        int[] inputTokens = new int[served.length];
        for (int turn = 0; turn < served.length; turn++) {
            inputTokens[turn] = trace.turns().get(turn).inputTokens();
            for (PolicyOutcome outcome : outcomes) {
                served[turn] |= outcome.turns().served(turn);
                compared[turn] &= outcome.turns().served(turn);
            }
        }
        double ceiling = InfiniteCache.hitRate(new Prompts(trace, blockSizeTokens), inputTokens, served, compared);
        List<PolicySummary> policies = outcomes.stream()
                .map(outcome -> PolicySummary.of(outcome, compared))
                .toList();
        return new Comparison(trace, workers, seed, conditions, ceiling, policies, outcomes);
    }

    /** Turns that some policy did not serve. */
    public int failedTurns() {
        return policies.stream().mapToInt(PolicySummary::failed).max().orElse(0);
    }
}
