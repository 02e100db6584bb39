package router.strategy;

/**
 * Parameters of every strategy that has some.
 *
 * <p>Thread-safety: immutable.
 */
public record StrategySettings(DynamoCost.Weights dynamoCost, CacheAware.Thresholds cacheAware, Joint.Settings joint) {}
