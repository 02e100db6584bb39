package router.strategy;

/**
 * What one worker's rewards have taught: a ridge regression of the reward on a decision's features that forgets at a constant
 * rate, and a count of rewards without features.
 *
 * <pre>
 * A ← γA + xxᵀ + (1 − γ)λI     b ← γb + r·x     α ← α + r     β ← β + 1 − r
 * </pre>
 *
 * With θ drawn from N(A⁻¹b, v²A⁻¹), a decision's θ·x is normal with mean {@code xᵀA⁻¹b} and variance {@code v²·xᵀA⁻¹x}: one number
 * has to be drawn, not a vector.
 *
 * <p>Thread-safety: confined to its strategy.
 *
 * @see <a href="https://arxiv.org/abs/1209.3352">Agrawal, Goyal: Thompson sampling for contextual bandits with linear payoffs</a>
 */
final class BanditArm {
    private final double forgetting;
    private final double[][] a;
    private final double[] b;
    private double alpha = 1;
    private double beta = 1;

    /** @param forgetting γ, above 0 and at most 1; the ridge λ is 1 */
    BanditArm(int features, double forgetting) {
        this.forgetting = forgetting;
        this.a = new double[features][features];
        this.b = new double[features];
        for (int i = 0; i < features; i++) {
            a[i][i] = 1;
        }
    }

    /** Expected reward of a decision, and its standard deviation for v = 1. */
    record Estimate(double mean, double deviation) {}

    Estimate estimate(double[] x) {
        double[][] lower = cholesky();
        double[] towardsX = forward(lower, x);
        double[] towardsB = forward(lower, b);
        double mean = 0;
        double variance = 0;
        for (int i = 0; i < x.length; i++) {
            mean += towardsX[i] * towardsB[i];
            variance += towardsX[i] * towardsX[i];
        }
        return new Estimate(mean, Math.sqrt(variance));
    }

    /** @param reward 0 to 1 */
    void learn(double[] x, double reward) {
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x.length; j++) {
                a[i][j] = forgetting * a[i][j] + x[i] * x[j] + (i == j ? 1 - forgetting : 0);
            }
            b[i] = forgetting * b[i] + reward * x[i];
        }
        alpha += reward;
        beta += 1 - reward;
    }

    double alpha() {
        return alpha;
    }

    double beta() {
        return beta;
    }

    /** The lower triangle L with LLᵀ = A, which the ridge keeps positive definite. */
    private double[][] cholesky() {
        int size = b.length;
        double[][] lower = new double[size][size];
        for (int i = 0; i < size; i++) {
            for (int j = 0; j <= i; j++) {
                double rest = a[i][j];
                for (int k = 0; k < j; k++) {
                    rest -= lower[i][k] * lower[j][k];
                }
                lower[i][j] = i == j ? Math.sqrt(rest) : rest / lower[j][j];
            }
        }
        return lower;
    }

    /** Solves Ly = x. */
    private static double[] forward(double[][] lower, double[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            double rest = x[i];
            for (int k = 0; k < i; k++) {
                rest -= lower[i][k] * y[k];
            }
            y[i] = rest / lower[i][i];
        }
        return y;
    }
}
