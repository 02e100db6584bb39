package kv;

import java.util.random.RandomGenerator;

/** Random prompts over a small alphabet of blocks, as the chains of sequence hashes that they would have. */
final class ChainTree {
    private final int branches;

    ChainTree(int branches) {
        this.branches = branches;
    }

    /** A prompt that follows the common trunk for a while and forks at random places. */
    long[] path(RandomGenerator random, int length) {
        long[] chain = new long[length];
        long hash = 0;
        int wander = random.nextInt(length + 1);
        for (int i = 0; i < length; i++) {
            int symbol = i < wander || random.nextInt(4) > 0 ? 0 : random.nextInt(branches);
            hash = child(hash, symbol);
            chain[i] = hash;
        }
        return chain;
    }

    /** Sequence hash of a block behind a parent's; never 0. */
    static long child(long parent, int symbol) {
        long z = parent * 31 + symbol + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
