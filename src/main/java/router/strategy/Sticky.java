package router.strategy;

import java.util.List;

/**
 * Always the same worker for a session, whatever it holds or does: the one with the greatest weight of (session, worker).
 * A worker that leaves moves only its own sessions, each to its next best.
 *
 * @see <a href="https://doi.org/10.1109/90.663936">Thaler, Ravishankar: Using name-based mappings to increase hit
 *     rates (rendezvous hashing)</a>
 */
final class Sticky implements RoutingStrategy {
    static final String NAME = "sticky";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("rendezvousWeight");
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
        double[] totals = new double[candidates.size()];
        double[][] terms = new double[totals.length][];
        long session = Draws.mix(turn.affinity());
        for (int i = 0; i < totals.length; i++) {
            long worker = Draws.mix(candidates.get(i).worker().url().hashCode());
            totals[i] = Draws.unit(session ^ worker);
            terms[i] = new double[] {totals[i]};
        }
        return Choice.greatest(totals, terms);
    }
}
