package router.strategy;

/**
 * Random numbers of other distributions than the uniform one, from one row of {@link Draws}: made anew, it gives the same numbers
 * again.
 *
 * <p>Thread-safety: confined to its decision.
 */
final class Variates {
    private final Draws draws;
    private final long row;
    private int position;

    /** @param position of the first number of the row to use */
    Variates(Draws draws, long row, int position) {
        this.draws = draws;
        this.row = row;
        this.position = position;
    }

    /** Standard normal, by the method of Box and Muller. */
    double normal() {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - uniform()));
        return radius * StrictMath.cos(2 * StrictMath.PI * uniform());
    }

    /** Beta of two shapes of at least 1. */
    double beta(double alpha, double beta) {
        double first = gamma(alpha);
        return first / (first + gamma(beta));
    }

    /**
     * Gamma of a shape of at least 1 and scale 1.
     *
     * @see <a href="https://doi.org/10.1145/358407.358414">Marsaglia, Tsang: A simple method for generating gamma variables</a>
     */
    private double gamma(double shape) {
        double d = shape - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = normal();
            double root = 1 + c * x;
            if (root > 0) {
                double v = root * root * root;
                if (StrictMath.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * StrictMath.log(v)) {
                    return d * v;
                }
            }
        }
    }

    private double uniform() {
        return draws.at(row, position++);
    }
}
