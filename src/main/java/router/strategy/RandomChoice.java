package router.strategy;

import java.util.List;

/** Any worker, each with the same chance: the floor that every other strategy has to beat. */
final class RandomChoice implements RoutingStrategy {
    static final String NAME = "random";
    private final Draws draws;

    RandomChoice(long seed) {
        this.draws = new Draws(seed, NAME);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("draw");
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        double[] totals = new double[candidates.size()];
        double[][] terms = new double[totals.length][];
        for (int i = 0; i < totals.length; i++) {
            totals[i] = draws.at(i);
            terms[i] = new double[] {totals[i]};
        }
        return Choice.least(totals, terms);
    }

    @Override
    public void taken(TurnView turn, Choice choice, List<Candidate> candidates) {
        draws.next();
    }
}
