package router.placement;

import java.util.List;
import java.util.Map;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.placement.Decision.Refused;

/**
 * A strategy's view of one request: every eligible worker with every term of its score. Nothing is placed.
 *
 * <p>Thread-safety: immutable.
 *
 * @param chosen null when no worker is eligible
 * @param refusal why none is, null when one is
 * @param lowerWins whether the smallest score is the best
 */
public record Explanation(
        String strategy,
        @Nullable WorkerId chosen,
        @Nullable Refused refusal,
        boolean lowerWins,
        boolean wouldQueue,
        List<Score> scores) {
    public Explanation {
        scores = List.copyOf(scores);
    }

    /**
     * One worker's score.
     *
     * @param terms name to value, in the order they are computed; their unit is in the name
     */
    public record Score(WorkerId worker, int overlapBlocks, double total, Map<String, Double> terms) {}
}
