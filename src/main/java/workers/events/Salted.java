package workers.events;

import kv.BlockHash;
import kv.BlockHasher;
import kv.HashSalt;
import kv.SequenceHash;

/**
 * Hashing under one cache salt, shared by all blocks of the prompts that carry it.
 *
 * <p>Thread-safety: immutable.
 */
record Salted(String salt, BlockHasher hasher) {

    static Salted of(int blockSizeTokens, String salt) {
        return new Salted(salt, new BlockHasher(blockSizeTokens, HashSalt.of(salt)));
    }

    /**
     * Sequence hash of one block.
     *
     * @param key what the engine mixed in for this block beside the salt; such a block and all behind it share no hash
     *     with a prompt of plain tokens
     */
    SequenceHash hash(MirroredBlock parent, int[] tokens, int from, String key) {
        BlockHasher own =
                key.isEmpty() ? hasher : new BlockHasher(hasher.blockSizeTokens(), HashSalt.of(salt + '\0' + key));
        BlockHash block = own.blockHash(tokens, from);
        return parent.parent == null
                ? new SequenceHash(block.value())
                : own.chain(new SequenceHash(parent.sequenceHash), block);
    }
}
