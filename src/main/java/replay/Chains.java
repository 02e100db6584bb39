package replay;

import java.util.Arrays;
import java.util.OptionalLong;
import kv.PromptBlocks;

/**
 * Which block comes before which, over all prompts of a trace.
 *
 * <p>Thread-safety: immutable.
 */
final class Chains {
    private static final long SPREAD = 0x9E3779B97F4A7C15L;
    private long[] hashes = new long[1 << 16];
    private int[] depths = new int[hashes.length];
    private long[] parents = new long[hashes.length];
    private int size;

    Chains(Iterable<PromptBlocks> prompts) {
        prompts.forEach(this::add);
    }

    private void add(PromptBlocks prompt) {
        // A known block's beginning is known: only what is behind the last known one is new.
        for (int i = prompt.size() - 1; i >= 0 && put(prompt, i); i--) {}
    }

    private boolean put(PromptBlocks prompt, int position) {
        long hash = prompt.hashAt(position);
        int slot = slot(hash);
        if (depths[slot] != 0) {
            return false;
        }
        hashes[slot] = hash;
        depths[slot] = position + 1;
        parents[slot] = position == 0 ? 0 : prompt.hashAt(position - 1);
        if (++size > hashes.length / 2) {
            grow();
        }
        return true;
    }

    boolean knows(long hash) {
        return depths[slot(hash)] != 0;
    }

    /** The block before a known one; empty when it opens a prompt. */
    OptionalLong parent(long hash) {
        int slot = slot(hash);
        return depths[slot] > 1 ? OptionalLong.of(parents[slot]) : OptionalLong.empty();
    }

    private int slot(long hash) {
        int mask = hashes.length - 1;
        int slot = (int) ((hash * SPREAD) >>> 32) & mask;
        while (depths[slot] != 0 && hashes[slot] != hash) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        long[] oldHashes = hashes;
        int[] oldDepths = depths;
        long[] oldParents = parents;
        hashes = new long[oldHashes.length * 2];
        depths = new int[hashes.length];
        parents = Arrays.copyOf(parents, hashes.length);
        for (int i = 0; i < oldHashes.length; i++) {
            if (oldDepths[i] != 0) {
                int slot = slot(oldHashes[i]);
                hashes[slot] = oldHashes[i];
                depths[slot] = oldDepths[i];
                parents[slot] = oldParents[i];
            }
        }
    }
}
