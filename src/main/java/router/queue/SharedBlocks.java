package router.queue;

import java.util.Arrays;

/**
 * Leading blocks that one prompt shares with the turns in flight of each worker slot.
 *
 * <p>Thread-safety: confined to its router; valid until the next prompt is looked up.
 */
public final class SharedBlocks {
    private int[] inFlight = new int[0];
    private int[] computed = new int[0];
    private int[] computing = new int[0];

    /** With any of them. */
    public int inFlight(int slot) {
        return inFlight[slot];
    }

    /** With those whose prompt is computed: these blocks are in the worker's memory now. */
    public int computed(int slot) {
        return computed[slot];
    }

    /** With those whose prompt is not computed yet. */
    public int computing(int slot) {
        return computing[slot];
    }

    void clear(int slots) {
        if (inFlight.length < slots) {
            inFlight = new int[slots];
            computed = new int[slots];
            computing = new int[slots];
        } else {
            Arrays.fill(inFlight, 0);
            Arrays.fill(computed, 0);
            Arrays.fill(computing, 0);
        }
    }

    void reach(SlotCounts turns, int blocks) {
        for (int i = 0; i < turns.size(); i++) {
            int slot = turns.slotAt(i);
            inFlight[slot] = blocks;
            if (turns.anyComputedAt(i)) {
                computed[slot] = blocks;
            }
            if (!turns.allComputedAt(i)) {
                computing[slot] = blocks;
            }
        }
    }
}
