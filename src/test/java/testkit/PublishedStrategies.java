package testkit;

import router.strategy.CacheAware;
import router.strategy.DynamoCost;
import router.strategy.E2;
import router.strategy.Joint;
import router.strategy.PrefixScorer;
import router.strategy.StrategySettings;
import router.strategy.Thompson;

/** Strategies with the parameters that were published with them, whatever application.conf says. */
public final class PublishedStrategies {
    /** Parameters of all. */
    public static final StrategySettings SETTINGS = with(new DynamoCost.Weights(1, 0.75, 0.25, 0.5, 1, 0, 0, 0));

    private PublishedStrategies() {}

    /** The same with another cost. */
    public static StrategySettings with(DynamoCost.Weights dynamoCost) {
        return new StrategySettings(
                dynamoCost,
                new CacheAware.Thresholds(1, 1, 32, 1.1),
                new PrefixScorer.Settings(1, 0.8, 3, 2, 2, 1, 0.8, 18_000, 300),
                new E2.Settings(180, 50, 1.5),
                new Thompson.Settings(0.25, 0.995, 0.2, 120, 10, 600),
                new Joint.Settings(1, 60, 60));
    }
}
