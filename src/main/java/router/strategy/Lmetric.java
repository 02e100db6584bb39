package router.strategy;

import java.util.List;

/**
 * Prefill cost times decode load, the least wins and equal ones are drawn: {@code prefill · (blocks in flight + 1)}, the
 * prefill being {@link DynamoCost}'s, overlap credit included. A product needs no weight between its factors, and an idle
 * worker is taken whatever it lacks. Re-implemented from the documentation of ai-dynamo/dynamo's selection policy of this name
 * ({@code docs/components/router/router-concepts.md} at 03037af0).
 */
final class Lmetric implements RoutingStrategy {
    static final String NAME = "lmetric";
    private final DynamoCost.Weights weights;
    private final Draws draws;

    Lmetric(DynamoCost.Weights weights, long seed) {
        this.weights = weights;
        this.draws = new Draws(seed, NAME);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("prefillBlocks", "decodeBlocks");
    }

    @Override
    public boolean waitsForItsChoice() {
        return true;
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        long leastPrefill = DynamoCost.leastPrefillTokens(candidates);
        double[] totals = new double[candidates.size()];
        double[][] terms = new double[totals.length][];
        for (int i = 0; i < totals.length; i++) {
            Candidate candidate = candidates.get(i);
            double prefill = weights.prefillBlocks(turn, candidate, leastPrefill);
            double decode = candidate.activity().blocks();
            terms[i] = new double[] {prefill, decode};
            totals[i] = prefill * (decode + 1);
        }
        return Choice.leastAtRandom(totals, terms, draws.at(0));
    }

    @Override
    public void taken(TurnView turn, Choice choice, List<Candidate> candidates) {
        draws.next();
    }
}
