package router.strategy;

/**
 * Parameters of every strategy that has some.
 *
 * <p>Thread-safety: immutable.
 */
public record StrategySettings(
        DynamoCost.Weights dynamoCost,
        CacheAware.Thresholds cacheAware,
        PrefixScorer.Settings prefixScorer,
        E2.Settings e2,
        Thompson.Settings thompson,
        Joint.Settings joint) {}
