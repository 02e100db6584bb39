package kv;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Place of one owner in the holders' bitmaps, and the runs it holds blocks of. The number is given again once its owner is
 * forgotten; the object is not, so identity tells two owners of one number apart.
 *
 * <p>Thread-safety: owner and number are immutable; the rest is confined to the index's writer.
 */
final class OwnerSlot {
    /** Stale entries that are tolerated before the list is cleaned. */
    private static final int SLACK = 16;

    final CacheOwner owner;
    final int number;

    /** Every run it holds a block of, and others: entries are not removed when a run is lost. */
    private int[] runs = new int[4];

    private int listed;
    private int held;

    OwnerSlot(CacheOwner owner, int number) {
        this.owner = owner;
        this.number = number;
    }

    /** Notes that it holds its first block of a run. */
    void gained(int run) {
        if (listed == runs.length) {
            runs = Arrays.copyOf(runs, listed * 2);
        }
        runs[listed++] = run;
        held++;
    }

    /** Notes that it lost its last block of a run. */
    void lost() {
        held--;
    }

    /** Takes the list: runs that it may hold blocks of, some perhaps twice or no longer. */
    int[] takeRuns() {
        int[] taken = Arrays.copyOf(runs, listed);
        runs = new int[4];
        listed = 0;
        return taken;
    }

    /** Length of the list. */
    int listedRuns() {
        return listed;
    }

    /** Whether most of the list is stale. */
    boolean isCrowded() {
        return listed > 2 * held + SLACK;
    }

    /** Cleans the list of runs that it holds nothing of. */
    void clean(IntPredicate isHeld) {
        int[] clean = Arrays.stream(runs, 0, listed).distinct().filter(isHeld).toArray();
        listed = clean.length;
        runs = Arrays.copyOf(clean, Math.max(4, listed * 2));
    }
}
