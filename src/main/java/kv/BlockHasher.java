package kv;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;

/**
 * Turns tokens into block and sequence hashes: XXH3-64 over a block's tokens as 32-bit little-endian integers, chained by
 * XXH3-64 over (sequence hash of the parent, block hash). The first block's sequence hash is its block hash. This is the
 * hash that routers of this field share, so chains agree with theirs under {@link HashSalt#NONE}.
 *
 * <p>Thread-safety: immutable; methods share no state.
 */
public final class BlockHasher {
    private final int blockSizeTokens;
    private final Hasher64 hasher;

    /** @param blockSizeTokens tokens in a block, at least 1 */
    public BlockHasher(int blockSizeTokens, HashSalt salt) {
        if (blockSizeTokens < 1) {
            throw new IllegalArgumentException("a block has at least 1 token, got " + blockSizeTokens);
        }
        this.blockSizeTokens = blockSizeTokens;
        this.hasher = Hashing.xxh3_64(salt.seed());
    }

    public int blockSizeTokens() {
        return blockSizeTokens;
    }

    /** Hash of the block whose tokens start at {@code from}. */
    public BlockHash blockHash(int[] tokens, int from) {
        return new BlockHash(hash(tokens, from, new byte[blockSizeTokens * Integer.BYTES]));
    }

    /** Sequence hash of a block behind a parent. */
    public SequenceHash chain(SequenceHash parent, BlockHash block) {
        return new SequenceHash(chain(parent.value(), block.value(), new byte[2 * Long.BYTES]));
    }

    /**
     * Extends a prefix by the full blocks among the given tokens; O(tokens given), whatever the prefix's length.
     *
     * @param prefix blocks already hashed with this hasher
     * @param tokens what follows the prefix's last full block
     * @param from first token to read, inclusive
     * @param to last token to read, exclusive; up to one block less one token of them stay unhashed
     */
    public PromptBlocks extend(PromptBlocks prefix, int[] tokens, int from, int to) {
        int blocks = (to - from) / blockSizeTokens;
        if (blocks == 0) {
            return prefix;
        }
        byte[] tokenBytes = new byte[blockSizeTokens * Integer.BYTES];
        byte[] pairBytes = new byte[2 * Long.BYTES];
        long[] chain = new long[blocks];
        boolean root = prefix.size() == 0;
        long parent = root ? 0 : prefix.hashAt(prefix.size() - 1);
        for (int i = 0; i < blocks; i++) {
            long own = hash(tokens, from + i * blockSizeTokens, tokenBytes);
            parent = root && i == 0 ? own : chain(parent, own, pairBytes);
            chain[i] = parent;
        }
        return prefix.append(chain, blocks);
    }

    /** Hashes a whole prompt. */
    public PromptBlocks hash(int[] tokens) {
        return extend(PromptBlocks.empty(blockSizeTokens), tokens, 0, tokens.length);
    }

    private long hash(int[] tokens, int from, byte[] scratch) {
        for (int i = 0; i < blockSizeTokens; i++) {
            int token = tokens[from + i];
            int at = i * Integer.BYTES;
            scratch[at] = (byte) token;
            scratch[at + 1] = (byte) (token >>> 8);
            scratch[at + 2] = (byte) (token >>> 16);
            scratch[at + 3] = (byte) (token >>> 24);
        }
        return hasher.hashBytesToLong(scratch);
    }

    private long chain(long parent, long own, byte[] scratch) {
        putLittleEndian(scratch, 0, parent);
        putLittleEndian(scratch, Long.BYTES, own);
        return hasher.hashBytesToLong(scratch);
    }

    private static void putLittleEndian(byte[] target, int at, long value) {
        for (int i = 0; i < Long.BYTES; i++) {
            target[at + i] = (byte) (value >>> (8 * i));
        }
    }
}
