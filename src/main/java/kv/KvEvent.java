package kv;

/**
 * Change of what one {@link CacheOwner} holds, in our own sequence hashes.
 *
 * <p>Thread-safety: immutable by convention: arrays are handed over and never written again.
 */
public sealed interface KvEvent {

    /**
     * Blocks became matchable in a tier, in chain order: each is the child of the one before it.
     *
     * @param parent hash of the block before the first one; ignored when {@code root}
     * @param root whether the first block opens a prompt
     * @param sequenceHashes at least one
     */
    record BlocksStored(boolean root, long parent, long[] sequenceHashes, KvTier tier) implements KvEvent {

        /** Blocks that open a prompt. */
        public static BlocksStored atRoot(long[] sequenceHashes, KvTier tier) {
            return new BlocksStored(true, 0, sequenceHashes, tier);
        }

        /** Blocks that continue the prefix ending in {@code parent}. */
        public static BlocksStored after(SequenceHash parent, long[] sequenceHashes, KvTier tier) {
            return new BlocksStored(false, parent.value(), sequenceHashes, tier);
        }
    }

    /** Blocks left a tier, in any order; copies in other tiers stay. */
    record BlocksRemoved(long[] sequenceHashes, KvTier tier) implements KvEvent {}

    /** Every block left every tier. */
    record AllBlocksCleared() implements KvEvent {}
}
