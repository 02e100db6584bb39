package router.strategy;

import java.util.List;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/** Workers in turn, in the order of their names. */
final class RoundRobin implements RoutingStrategy {
    static final String NAME = "round-robin";
    private @Nullable WorkerId previous;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("placesAfterThePrevious");
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        int size = candidates.size();
        int first = firstAfterPrevious(candidates);
        double[] totals = new double[size];
        double[][] terms = new double[size][];
        for (int i = 0; i < size; i++) {
            totals[i] = Math.floorMod(i - first, size);
            terms[i] = new double[] {totals[i]};
        }
        return Choice.least(totals, terms);
    }

    @Override
    public void taken(TurnView turn, Choice choice, List<Candidate> candidates) {
        previous = candidates.get(choice.index()).worker();
    }

    private int firstAfterPrevious(List<Candidate> candidates) {
        if (previous != null) {
            for (int i = 0; i < candidates.size(); i++) {
                if (candidates.get(i).worker().compareTo(previous) > 0) {
                    return i;
                }
            }
        }
        return 0;
    }
}
