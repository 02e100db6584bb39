package router.strategy;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kv.WorkerId;
import workers.status.TimingModel;

/**
 * Exploit or explore: a turn of which more is cached than not goes to the cheapest of the workers that hold the longest part of
 * it, any other to the cheapest of all. From Srivatsa et al.: Preble, and its code (WukLab/preble,
 * {@code multi_node/global_scheduler_with_time.py}):
 *
 * <pre>
 * cost = prefill of what was not cached of the turns placed there in the last 3 minutes
 *      + requests in flight · output tokens · time per output token
 * </pre>
 *
 * When the costliest worker costs a multiple of the cheapest and the turn would exploit it, the cheapest takes the turn instead,
 * unless the session's own share of the cost would then only tip the balance over. That moves a session's context, and it is what
 * copies a prefix which many sessions share to a second worker.
 *
 * <p>Differences: the published scheduler keeps a tree of what it assigned, spreads each node's cost over its holders and sheds
 * nodes between turns; here the engines' events tell who holds what, every turn's cost is its worker's, and a node is moved when it
 * is next asked for. Time per output token is the timing model's, not the median of those observed; the optional cost of what would be
 * evicted is left out. Uncertain: the versions of the code disagree on the multiple (1.5, 15) and on whether shedding is on.
 *
 * @see <a href="https://arxiv.org/abs/2407.00023">Preble: Efficient distributed prompt scheduling for LLM serving</a>
 */
public final class E2 implements RoutingStrategy {
    static final String NAME = "e2";
    /** Longer than any worker is busy: keeps those that were passed over behind the one chosen. */
    private static final double PASSED_OVER_MILLIS = 1e9;

    private final Settings settings;
    private final TimingModel timing;
    private final long windowNanos;
    private final ArrayDeque<Placed> window = new ArrayDeque<>();

    private record Placed(long nanos, WorkerId worker, long affinity, double prefillMillis) {}

    /**
     * The strategy's parameters.
     *
     * @param windowSeconds how long a turn counts for its worker
     * @param balanceAfter turns per worker in the window before balance is looked at
     * @param imbalance multiple of the cheapest worker's cost from which on the costliest gives turns away
     */
    public record Settings(double windowSeconds, int balanceAfter, double imbalance) {
        public Settings {
            if (!(windowSeconds > 0 && balanceAfter >= 0 && imbalance >= 1)) {
                throw new IllegalArgumentException(
                        "e2 settings are out of range: " + windowSeconds + " s, " + balanceAfter + ", " + imbalance);
            }
        }
    }

    E2(Settings settings, TimingModel timing) {
        this.settings = settings;
        this.timing = timing;
        this.windowNanos = StrictMath.round(settings.windowSeconds * 1e9);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("windowMillis", "decodeMillis", "passedOverMillis");
    }

    @Override
    public boolean waitsForItsChoice() {
        return true;
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        Costs costs = costs(turn, candidates);
        int deepest = 0;
        for (Candidate candidate : candidates) {
            deepest = Math.max(deepest, candidate.cachedTokens(turn));
        }
        boolean exploit = deepest > turn.inputTokens() - deepest;
        boolean[] open = new boolean[candidates.size()];
        for (int i = 0; i < open.length; i++) {
            open[i] = !exploit || candidates.get(i).cachedTokens(turn) == deepest;
        }
        int chosen = costs.least(open);
        int index = exploit && sheds(costs, chosen) ? costs.least() : chosen;
        for (int i = 0; i < open.length; i++) {
            boolean passedOver = index == chosen ? !open[i] : i != index;
            costs.terms[i][2] = passedOver ? PASSED_OVER_MILLIS : 0;
            costs.totals[i] += costs.terms[i][2];
        }
        return new Choice(index, costs.totals, costs.terms);
    }

    @Override
    public void taken(TurnView turn, Choice choice, List<Candidate> candidates) {
        Candidate chosen = candidates.get(choice.index());
        int cached = chosen.cachedTokens(turn);
        window.removeIf(placed -> over(placed, turn.nowNanos()));
        window.add(new Placed(
                turn.nowNanos(),
                chosen.worker(),
                turn.affinity(),
                timing.prefillMillis(turn.inputTokens() - cached, cached)));
    }

    /** Whether the worker chosen is the costliest by so much that it shall give the turn away. */
    private boolean sheds(Costs costs, int chosen) {
        double least = costs.totals[costs.least()];
        return costs.turns >= (long) settings.balanceAfter * costs.totals.length
                && chosen == costs.most()
                && costs.totals[chosen] >= settings.imbalance * least
                && costs.totals[chosen] > least + costs.ownMillis[chosen];
    }

    private Costs costs(TurnView turn, List<Candidate> candidates) {
        Costs costs = new Costs(candidates.size());
        Map<WorkerId, Integer> positions = new HashMap<>();
        for (int i = 0; i < candidates.size(); i++) {
            Candidate candidate = candidates.get(i);
            positions.put(candidate.worker(), i);
            int capacity = Math.max(1, candidate.facts().deviceBlocks());
            double occupied = (double) Math.min(capacity, candidate.usedBlocks()) / capacity;
            double decode = candidate.requests() * turn.expectedOutputTokens() * timing.decodeMillis(occupied);
            costs.terms[i] = new double[] {0, decode, 0};
            costs.totals[i] = decode;
        }
        for (Placed placed : window) {
            Integer position = positions.get(placed.worker);
            if (position != null && !over(placed, turn.nowNanos())) {
                costs.turns++;
                costs.terms[position][0] += placed.prefillMillis;
                costs.totals[position] += placed.prefillMillis;
                costs.ownMillis[position] += placed.affinity == turn.affinity() ? placed.prefillMillis : 0;
            }
        }
        return costs;
    }

    private boolean over(Placed placed, long nowNanos) {
        return nowNanos - placed.nanos > windowNanos;
    }

    /** What each candidate costs; {@code ownMillis} is the turn's session's part of it. */
    private static final class Costs {
        private final double[] totals;
        private final double[][] terms;
        private final double[] ownMillis;
        private long turns;

        Costs(int candidates) {
            this.totals = new double[candidates];
            this.terms = new double[candidates][];
            this.ownMillis = new double[candidates];
        }

        int least() {
            return Choice.least(totals, terms).index();
        }

        int least(boolean[] open) {
            int best = -1;
            for (int i = 0; i < totals.length; i++) {
                if (open[i] && (best < 0 || totals[i] < totals[best])) {
                    best = i;
                }
            }
            return best;
        }

        int most() {
            return Choice.greatest(totals, terms).index();
        }
    }
}
