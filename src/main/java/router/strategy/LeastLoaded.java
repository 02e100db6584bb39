package router.strategy;

import java.util.List;

/** The worker with the fewest turns in flight; equal ones are drawn. */
final class LeastLoaded implements RoutingStrategy {
    static final String NAME = "least-loaded";
    private final Draws draws;

    LeastLoaded(long seed) {
        this.draws = new Draws(seed, NAME);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("requests");
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        double[] totals = new double[candidates.size()];
        double[][] terms = new double[totals.length][];
        for (int i = 0; i < totals.length; i++) {
            totals[i] = candidates.get(i).requests();
            terms[i] = new double[] {totals[i]};
        }
        return Choice.leastAtRandom(totals, terms, draws.at(0));
    }

    @Override
    public void taken(TurnView turn, Choice choice, List<Candidate> candidates) {
        draws.next();
    }
}
