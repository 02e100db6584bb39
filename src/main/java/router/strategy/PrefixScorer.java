package router.strategy;

import java.util.List;
import kv.WorkerId;
import workers.status.TimingModel;

/**
 * Weighted sum of scores between 0 and 1, the greatest wins and equal ones are drawn. Re-implemented from the plugins of
 * llm-d/llm-d-router ({@code pkg/epp/framework/plugins}), as read in their code:
 * <ul>
 *   <li><b>prefix</b>: blocks of the longest unbroken prefix by the weight of their tier, over the prompt's blocks;
 *   <li><b>queue</b>: requests in flight between the most (0) and the fewest (1) of all candidates;
 *   <li><b>memory</b>: share of the device blocks that no running request uses;
 *   <li><b>session</b>: 1 for the worker of the session's turn before, for as long as that is remembered.
 * </ul>
 *
 * Before that, workers that hold most of the prompt crowd out the others, unless the first token there is expected later than
 * on the best of the others by more than a limit. The published filter predicts it by a fixed prefill rate; here the timing model
 * does, with the prefill that is in flight. Uncertain: that 3, 2 and 2 are the weights most deployments use; the session's weight is
 * ours.
 */
public final class PrefixScorer implements RoutingStrategy {
    static final String NAME = "prefix-scorer";
    private final Settings settings;
    private final TimingModel timing;
    private final Draws draws;
    private final RecentSessions<WorkerId> homes;

    /**
     * The strategy's parameters.
     *
     * @param deviceWeight worth of a block on the device, 0 to 1
     * @param lowerWeight worth of a block in a lower tier, 0 to 1
     * @param prefix weight of the prefix score, 0 or more like the others
     * @param affinityShare share of the prompt from which on a worker crowds out others, 0 to 1
     * @param affinityLimitMillis how much later its first token may be expected
     * @param sessionSeconds time for which a session's worker is remembered
     */
    public record Settings(
            double deviceWeight,
            double lowerWeight,
            double prefix,
            double queue,
            double memory,
            double session,
            double affinityShare,
            double affinityLimitMillis,
            double sessionSeconds) {
        public Settings {
            if (!(deviceWeight >= 0
                    && deviceWeight <= 1
                    && lowerWeight >= 0
                    && lowerWeight <= 1
                    && prefix >= 0
                    && queue >= 0
                    && memory >= 0
                    && session >= 0
                    && affinityShare >= 0
                    && affinityShare <= 1
                    && affinityLimitMillis >= 0
                    && sessionSeconds > 0)) {
                throw new IllegalArgumentException("a parameter of prefix-scorer is out of range");
            }
        }
    }

    PrefixScorer(Settings settings, TimingModel timing, long seed) {
        this.settings = settings;
        this.timing = timing;
        this.draws = new Draws(seed, NAME);
        this.homes = new RecentSessions<>(settings.sessionSeconds);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("prefixScore", "queueScore", "memoryScore", "sessionScore", "crowdedOut");
    }

    @Override
    public boolean lowerWins() {
        return false;
    }

    @Override
    public boolean waitsForItsChoice() {
        return true;
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        int fewest = Integer.MAX_VALUE;
        int most = 0;
        for (Candidate candidate : candidates) {
            fewest = Math.min(fewest, candidate.requests());
            most = Math.max(most, candidate.requests());
        }
        boolean crowding = crowding(turn, candidates);
        WorkerId home = homes.get(turn.affinity(), turn.nowNanos());
        double[] totals = new double[candidates.size()];
        double[][] terms = new double[totals.length][];
        for (int i = 0; i < totals.length; i++) {
            Candidate candidate = candidates.get(i);
            double queue = most == fewest ? 1 : (double) (most - candidate.requests()) / (most - fewest);
            terms[i] = new double[] {
                settings.prefix * prefix(turn, candidate),
                settings.queue * queue,
                settings.memory * freeShare(candidate),
                candidate.worker().equals(home) ? settings.session : 0,
                crowding && share(turn, candidate) < settings.affinityShare ? -aboveAnyScore() : 0
            };
            for (double term : terms[i]) {
                totals[i] += term;
            }
        }
        return Choice.greatestAtRandom(totals, terms, draws.at(0));
    }

    @Override
    public void taken(TurnView turn, Choice choice, List<Candidate> candidates) {
        homes.put(turn.affinity(), candidates.get(choice.index()).worker(), turn.nowNanos());
        draws.next();
    }

    /** Whether some candidate holds most of the prompt and would not answer much later than the best of all. */
    private boolean crowding(TurnView turn, List<Candidate> candidates) {
        double cached = Double.POSITIVE_INFINITY;
        double any = Double.POSITIVE_INFINITY;
        for (Candidate candidate : candidates) {
            int held = candidate.cachedTokens(turn);
            double millis = candidate.activity().prefillMillis()
                    + timing.passMillis()
                    + timing.prefillMillis(turn.inputTokens() - held, held);
            any = Math.min(any, millis);
            if (share(turn, candidate) >= settings.affinityShare) {
                cached = Math.min(cached, millis);
            }
        }
        return cached < Double.POSITIVE_INFINITY && cached <= any + settings.affinityLimitMillis;
    }

    private double prefix(TurnView turn, Candidate candidate) {
        int lower = candidate.held().blocks() - candidate.held().device();
        return (settings.deviceWeight * candidate.held().device() + settings.lowerWeight * lower)
                / Math.max(1, turn.promptBlocks());
    }

    private static double share(TurnView turn, Candidate candidate) {
        return (double) candidate.cachedTokens(turn) / Math.max(1, turn.inputTokens());
    }

    private static double freeShare(Candidate candidate) {
        int capacity = Math.max(1, candidate.facts().deviceBlocks());
        return 1 - (double) Math.min(capacity, candidate.usedBlocks()) / capacity;
    }

    private double aboveAnyScore() {
        return settings.prefix + settings.queue + settings.memory + settings.session + 1;
    }
}
