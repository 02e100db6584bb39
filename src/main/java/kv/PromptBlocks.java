package kv;

import java.util.Arrays;

/**
 * Full blocks of one prompt's prefix, as the chain of their sequence hashes. A trailing part that does not fill a block
 * has no place in it.
 *
 * <p>Chains that extend one another share storage: {@link #append} copies only what is new when this value is the
 * longest chain over its buffer, else the whole.
 *
 * <p>Thread-safety: immutable; sharing is decided under the buffer's lock.
 */
public final class PromptBlocks {
    private final int blockSizeTokens;
    private final Buffer buffer;
    private final int size;

    private PromptBlocks(int blockSizeTokens, Buffer buffer, int size) {
        this.blockSizeTokens = blockSizeTokens;
        this.buffer = buffer;
        this.size = size;
    }

    /** The empty prefix. */
    public static PromptBlocks empty(int blockSizeTokens) {
        if (blockSizeTokens < 1) {
            throw new IllegalArgumentException("a block has at least 1 token, got " + blockSizeTokens);
        }
        return new PromptBlocks(blockSizeTokens, new Buffer(), 0);
    }

    /** A prefix with the given chain of sequence hashes, which is copied. */
    public static PromptBlocks of(int blockSizeTokens, long... sequenceHashes) {
        return empty(blockSizeTokens).append(sequenceHashes, sequenceHashes.length);
    }

    public int blockSizeTokens() {
        return blockSizeTokens;
    }

    /** Number of full blocks. */
    public int size() {
        return size;
    }

    /** Tokens that the full blocks cover. */
    public int tokens() {
        return size * blockSizeTokens;
    }

    /** Sequence hash of the block at a position, from 0. */
    public long hashAt(int position) {
        if (position >= size) {
            throw new IndexOutOfBoundsException(position);
        }
        return buffer.hashes[position];
    }

    /** Sequence hash of the last block; the prefix must not be empty. */
    public SequenceHash tail() {
        return new SequenceHash(hashAt(size - 1));
    }

    /** The first {@code blocks} blocks, sharing this value's storage. */
    public PromptBlocks prefix(int blocks) {
        if (blocks < 0 || blocks > size) {
            throw new IndexOutOfBoundsException(blocks);
        }
        return blocks == size ? this : new PromptBlocks(blockSizeTokens, buffer, blocks);
    }

    /** This prefix followed by the first {@code count} of the given sequence hashes. Amortised O(count). */
    public PromptBlocks append(long[] sequenceHashes, int count) {
        if (count == 0) {
            return this;
        }
        Buffer target = buffer.extend(size, sequenceHashes, count);
        return new PromptBlocks(blockSizeTokens, target, size + count);
    }

    /** The chain without a copy: its first {@link #size} elements are this prefix, those behind it somebody else's. */
    long[] hashes() {
        return buffer.hashes;
    }

    /** The chain as a fresh array. */
    public long[] toArray() {
        return Arrays.copyOf(buffer.hashes, size);
    }

    @Override
    public boolean equals(Object other) {
        // Equal tail hashes at equal depth mean equal prefixes: that is what a sequence hash is.
        return other instanceof PromptBlocks that
                && that.size == size
                && that.blockSizeTokens == blockSizeTokens
                && (size == 0 || that.hashAt(size - 1) == hashAt(size - 1));
    }

    @Override
    public int hashCode() {
        return size == 0 ? 0 : Long.hashCode(hashAt(size - 1));
    }

    @Override
    public String toString() {
        return "PromptBlocks[" + size + " x " + blockSizeTokens + " tokens]";
    }

    /** Append-only array: positions below {@code used} never change, so shorter chains read it without a lock. */
    private static final class Buffer {
        private volatile long[] hashes = new long[16];
        private int used;

        synchronized Buffer extend(int from, long[] added, int count) {
            if (used != from) {
                Buffer copy = new Buffer();
                copy.hashes = Arrays.copyOf(hashes, Math.max(16, from + count));
                copy.used = from;
                return copy.extend(from, added, count);
            }
            long[] current = hashes;
            if (from + count > current.length) {
                current = Arrays.copyOf(current, Math.max(from + count, current.length * 2));
            }
            System.arraycopy(added, 0, current, from, count);
            used = from + count;
            hashes = current;
            return this;
        }
    }
}
