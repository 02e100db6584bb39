package replay;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import replay.trace.Trace;

/**
 * Policies side by side over the turns that all of them served.
 *
 * <p>Thread-safety: immutable.
 *
 * @param workers simulated engines; 0 when the engines are a running node's
 * @param conditions what the run was made with, name to value, in order
 * @param infiniteCacheHitRate ceiling of every hit rate; NaN when no turn is compared
 * @param failureReasons why turns failed if any did, the first few when they differ
 */
public record Comparison(
        Trace trace,
        int workers,
        long seed,
        List<Condition> conditions,
        double infiniteCacheHitRate,
        List<PolicySummary> policies,
        List<PolicyOutcome> outcomes,
        List<String> failureReasons) {
    public Comparison {
        conditions = List.copyOf(conditions);
        policies = List.copyOf(policies);
        outcomes = List.copyOf(outcomes);
        failureReasons = List.copyOf(failureReasons);
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
            List<PolicyOutcome> outcomes,
            List<String> failureReasons) {
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
        return new Comparison(trace, workers, seed, conditions, ceiling, policies, outcomes, failureReasons);
    }

    /** Turns that some policy did not serve. */
    public int failedTurns() {
        return policies.stream().mapToInt(PolicySummary::failed).max().orElse(0);
    }

    /** How many turns failed and why, in lines for people; empty when none did. */
    public List<String> failures() {
        int failed = failedTurns();
        if (failed == 0) {
            return List.of();
        }
        if (failureReasons.size() == 1) {
            return List.of(failed + " turns failed: " + failureReasons.get(0));
        }
        List<String> lines = new ArrayList<>(List.of(failed + " turns failed; the first:"));
        lines.addAll(failureReasons);
        return lines;
    }

    /** Whether engines were seen from inside, as only simulated ones are. */
    boolean inside() {
        return workers > 0;
    }
}
