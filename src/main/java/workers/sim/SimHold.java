package workers.sim;

import kv.KvTier;

/**
 * Wish to keep a prefix in a simulated engine.
 *
 * <p>Thread-safety: immutable by convention: the array is handed over and never written again.
 *
 * @param id its name; asking again under the same one replaces what was asked before
 * @param chain sequence hashes of the prefix's blocks
 * @param tier where its blocks are to stay
 * @param density what is worth more is evicted later; any unit
 * @param untilMillis when it ends by itself, on the engine's clock
 */
public record SimHold(String id, long[] chain, KvTier tier, double density, double untilMillis) {}
