package workers.status;

import kv.KvTier;

/**
 * What holds take of one of a worker's tiers.
 *
 * <p>Thread-safety: immutable.
 *
 * @param blocks that holds keep there, shared ones once
 * @param budgetBlocks most that they may
 */
public record HeldTier(KvTier tier, int blocks, int budgetBlocks) {}
