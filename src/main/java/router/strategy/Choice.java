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

    /**
     * One of the candidates that share the greatest total, each with the same chance.
     *
     * @param draw uniform in [0, 1)
     */
    static Choice greatestAtRandom(double[] totals, double[][] terms, double draw) {
        double[] negated = new double[totals.length];
        for (int i = 0; i < totals.length; i++) {
            negated[i] = -totals[i];
        }
        return new Choice(leastAtRandom(negated, terms, draw).index(), totals, terms);
    }

    /**
     * A candidate drawn with chances in proportion to {@code exp(total / temperature)}.
     *
     * @param temperature not 0; below 0 the least totals are the likeliest
     * @param draw uniform in [0, 1)
     */
    static Choice softmax(double[] totals, double[][] terms, double temperature, double draw) {
        double best = Double.NEGATIVE_INFINITY;
        for (double total : totals) {
            best = Math.max(best, total / temperature);
        }
        double[] shares = new double[totals.length];
        double sum = 0;
        for (int i = 0; i < totals.length; i++) {
            shares[i] = StrictMath.exp(totals[i] / temperature - best);
            sum += shares[i];
        }
        double left = draw * sum;
        int index = 0;
        while (index < totals.length - 1 && left >= shares[index]) {
            left -= shares[index++];
        }
        return new Choice(index, totals, terms);
    }
}
