package kv;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;

/**
 * Turns tokens into block and sequence hashes: XXH3-64 over a block's tokens as 32-bit little-endian integers, chained by
 * XXH3-64 over (sequence hash of the parent, block hash). The first block's sequence hash is its block hash. This is the
 * hash that routers of this field share, so chains agree with theirs under {@link HashSalt#NONE}.
 *
 * <p>Thread-safety: immutable; methods share no state.
 */
public final class BlockHasher {
    /** Blocks encoded at a time, so that the bytes stay in the nearest cache. */
    private static final int ENCODED_BLOCKS = 64;

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
        Encoding encoding = new Encoding(1);
        encoding.fill(tokens, from, 1);
        return new BlockHash(encoding.hash(0));
    }

    /** Sequence hash of a block behind a parent. */
    public SequenceHash chain(SequenceHash parent, BlockHash block) {
        return new SequenceHash(hasher.hashLongLongToLong(parent.value(), block.value()));
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
        Encoding encoding = new Encoding(Math.min(blocks, ENCODED_BLOCKS));
        long[] chain = new long[blocks];
        boolean root = prefix.size() == 0;
        long parent = root ? 0 : prefix.hashAt(prefix.size() - 1);
        for (int i = 0; i < blocks; i++) {
            int at = i % ENCODED_BLOCKS;
            if (at == 0) {
                encoding.fill(tokens, from + i * blockSizeTokens, Math.min(blocks - i, ENCODED_BLOCKS));
            }
            long own = encoding.hash(at);
            parent = root && i == 0 ? own : hasher.hashLongLongToLong(parent, own);
            chain[i] = parent;
        }
        return prefix.append(chain, blocks);
    }

    /** Hashes a whole prompt. */
    public PromptBlocks hash(int[] tokens) {
        return extend(PromptBlocks.empty(blockSizeTokens), tokens, 0, tokens.length);
    }

    /** Tokens of some blocks as the bytes that are hashed; copied as a whole, which costs less than hashing them. */
    private final class Encoding {
        private final byte[] bytes;
        private final IntBuffer view;

        Encoding(int blocks) {
            bytes = new byte[blocks * blockSizeTokens * Integer.BYTES];
            view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
        }

        void fill(int[] tokens, int from, int blocks) {
            view.put(0, tokens, from, blocks * blockSizeTokens);
        }

        long hash(int block) {
            int length = blockSizeTokens * Integer.BYTES;
            return hasher.hashBytesToLong(bytes, block * length, length);
        }
    }
}
