package replay;

import java.util.Arrays;

/**
 * Every block that any engine ever computed, with the number of tiers of all engines that hold it now. Says of a block that is being
 * computed whether that was needed.
 *
 * <p>Thread-safety: confined to its run.
 */
final class BlockHistory {
    private static final long SPREAD = 0x9E3779B97F4A7C15L;
    private static final int UNKNOWN = -1;
    private long[] blocks = new long[1 << 16];
    private int[] holders = new int[blocks.length];
    private int size;

    /** Why a block had to be computed. */
    enum Cause {
        /** Nobody had computed it before. */
        COLD,
        /** It had been computed and every engine has dropped it since. */
        EVICTION,
        /** Another engine holds it now. */
        PLACEMENT
    }

    BlockHistory() {
        Arrays.fill(holders, UNKNOWN);
    }

    /** An engine that does not hold a block has computed it. */
    Cause computed(long block) {
        int slot = slot(block);
        if (holders[slot] == UNKNOWN) {
            blocks[slot] = block;
            holders[slot] = 1;
            if (++size > blocks.length / 2) {
                grow();
            }
            return Cause.COLD;
        }
        return holders[slot]++ == 0 ? Cause.EVICTION : Cause.PLACEMENT;
    }

    /** One more tier of an engine holds a block that was computed before. */
    void copied(long block) {
        holders[slot(block)]++;
    }

    /** A tier that held a block has dropped it. */
    void dropped(long block) {
        holders[slot(block)]--;
    }

    private int slot(long block) {
        int mask = blocks.length - 1;
        int slot = (int) ((block * SPREAD) >>> 32) & mask;
        while (holders[slot] != UNKNOWN && blocks[slot] != block) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        long[] oldBlocks = blocks;
        int[] oldHolders = holders;
        blocks = new long[oldBlocks.length * 2];
        holders = new int[blocks.length];
        Arrays.fill(holders, UNKNOWN);
        for (int i = 0; i < oldBlocks.length; i++) {
            if (oldHolders[i] != UNKNOWN) {
                int slot = slot(oldBlocks[i]);
                blocks[slot] = oldBlocks[i];
                holders[slot] = oldHolders[i];
            }
        }
    }
}
