package router.strategy;

/**
 * Scores of all candidates and the one chosen.
 *
 * <p>Thread-safety: immutable by convention: arrays are handed over and never written again.
 *
 * @param index chosen candidate's position
 * @param totals score of each candidate
 * @param terms parts of each candidate's score, in the order of {@link RoutingStrategy#terms}
 */
public record Choice(int index, double[] totals, double[][] terms) {

    /** The candidate with the least total; of equal ones the first. */
    static Choice least(double[] totals, double[][] terms) {
        int best = 0;
        for (int i = 1; i < totals.length; i++) {
            if (totals[i] < totals[best]) {
                best = i;
            }
        }
        return new Choice(best, totals, terms);
    }

    /** The candidate with the greatest total; of equal ones the first. */
    static Choice greatest(double[] totals, double[][] terms) {
        int best = 0;
        for (int i = 1; i < totals.length; i++) {
            if (totals[i] > totals[best]) {
                best = i;
            }
        }
        return new Choice(best, totals, terms);
    }

    /**
     * One of the candidates that share the least total, each with the same chance.
     *
     * @param draw uniform in [0, 1)
     */
    static Choice leastAtRandom(double[] totals, double[][] terms, double draw) {
        double least = Double.POSITIVE_INFINITY;
        int ties = 0;
        for (double total : totals) {
            if (total < least) {
                least = total;
                ties = 1;
            } else if (total == least) {
                ties++;
            }
        }
        int skip = (int) (draw * ties);
        int index = 0;
        while (totals[index] != least || skip-- > 0) {
            index++;
        }
        return new Choice(index, totals, terms);
    }
}
