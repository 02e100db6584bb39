package router.strategy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class BanditArmTest {

    @Test
    void oneFeatureIsTheTextbookRidgeRegression() {
        BanditArm arm = new BanditArm(1, 0.5);
        assertEquals(new BanditArm.Estimate(0, 2), arm.estimate(new double[] {2}));

        arm.learn(new double[] {2}, 0.75);

        // A = 0.5 · 1 + 4 + 0.5 = 5, b = 1.5: mean 2 · 1.5 / 5, variance 4 / 5.
        BanditArm.Estimate estimate = arm.estimate(new double[] {2});
        assertEquals(0.6, estimate.mean(), 1e-12);
        assertEquals(Math.sqrt(0.8), estimate.deviation(), 1e-12);
        assertEquals(1.75, arm.alpha());
        assertEquals(1.25, arm.beta());
    }

    @Test
    void twoFeaturesAreSolvedTogether() {
        BanditArm arm = new BanditArm(2, 1);
        arm.learn(new double[] {1, 1}, 1);
        // A = [[2, 1], [1, 2]], its inverse [[2, -1], [-1, 2]] / 3, b = (1, 1).
        BanditArm.Estimate estimate = arm.estimate(new double[] {1, 0});
        assertEquals(1.0 / 3, estimate.mean(), 1e-12);
        assertEquals(Math.sqrt(2.0 / 3), estimate.deviation(), 1e-12);
    }

    @Test
    void whateverItLearnsItsEstimatesStayWithinReach() {
        Random random = new Random(5);
        for (int run = 0; run < 50; run++) {
            BanditArm arm = new BanditArm(9, 0.995);
            double[] x = new double[9];
            for (int i = 0; i < 2_000; i++) {
                for (int k = 0; k < x.length; k++) {
                    x[k] = run % 3 == 0 ? 1 : random.nextDouble();
                }
                arm.learn(x, random.nextDouble());
            }
            BanditArm.Estimate estimate = arm.estimate(x);
            assertTrue(estimate.mean() > 0 && estimate.mean() < 1, estimate.toString());
            assertTrue(estimate.deviation() > 0 && estimate.deviation() <= 3, estimate.toString());
        }
    }
}
