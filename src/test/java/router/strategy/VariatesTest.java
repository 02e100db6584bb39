package router.strategy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class VariatesTest {
    private static final int ROWS = 20_000;
    private final Draws draws = new Draws(1, "test");

    @Test
    void normalNumbersHaveMeanZeroAndVarianceOne() {
        double sum = 0;
        double squares = 0;
        for (int row = 0; row < ROWS; row++) {
            double value = new Variates(draws, row, 0).normal();
            sum += value;
            squares += value * value;
        }
        assertEquals(0, sum / ROWS, 0.03);
        assertEquals(1, squares / ROWS, 0.04);
    }

    @Test
    void betaNumbersHaveTheirShapesMeanAndVariance() {
        for (double[] shape : new double[][] {{1, 1}, {3, 1}, {20, 60}}) {
            double alpha = shape[0];
            double beta = shape[1];
            double sum = 0;
            double squares = 0;
            for (int row = 0; row < ROWS; row++) {
                double value = new Variates(draws, row, 0).beta(alpha, beta);
                sum += value;
                squares += value * value;
            }
            double mean = alpha / (alpha + beta);
            double variance = alpha * beta / ((alpha + beta) * (alpha + beta) * (alpha + beta + 1));
            assertEquals(mean, sum / ROWS, 0.01);
            assertEquals(variance, squares / ROWS - (sum / ROWS) * (sum / ROWS), 0.05 * variance + 0.0005);
        }
    }
}
