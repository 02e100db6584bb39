package router.strategy;

import java.util.List;

/**
 * The less loaded of two workers drawn at random.
 *
 * @see <a href="https://doi.org/10.1109/71.963420">Mitzenmacher: The power of two choices in randomized load balancing</a>
 */
final class PowerOfTwo implements RoutingStrategy {
    static final String NAME = "power-of-two";
    /** More turns than any worker runs: keeps those that were not drawn behind those that were. */
    private static final double NOT_DRAWN_REQUESTS = 1e6;

    private final Draws draws;

    PowerOfTwo(long seed) {
        this.draws = new Draws(seed, NAME);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("requests", "notDrawnRequests");
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        int size = candidates.size();
        int first = (int) (draws.at(0) * size);
        int second = size == 1 ? first : (first + 1 + (int) (draws.at(1) * (size - 1))) % size;
        double[] totals = new double[size];
        double[][] terms = new double[size][];
        for (int i = 0; i < size; i++) {
            double requests = candidates.get(i).requests();
            double notDrawn = i == first || i == second ? 0 : NOT_DRAWN_REQUESTS;
            totals[i] = requests + notDrawn;
            terms[i] = new double[] {requests, notDrawn};
        }
        return Choice.leastAtRandom(totals, terms, draws.at(2));
    }

    @Override
    public void taken(TurnView turn, Choice choice, List<Candidate> candidates) {
        draws.next();
    }
}
