package kv;

import java.util.Arrays;

/**
 * Offsets of a run's blocks that other runs hang off, with how many each.
 *
 * <p>Thread-safety: confined to the index's writer.
 */
final class ForkPoints {
    private int[] offsets = new int[1];
    private int[] runs = new int[1];
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    /** The deepest of them; there must be one. */
    int last() {
        return offsets[count - 1];
    }

    void add(int offset) {
        int at = Arrays.binarySearch(offsets, 0, count, offset);
        if (at < 0) {
            at = -at - 1;
            if (count == offsets.length) {
                offsets = Arrays.copyOf(offsets, count * 2);
                runs = Arrays.copyOf(runs, count * 2);
            }
            System.arraycopy(offsets, at, offsets, at + 1, count - at);
            System.arraycopy(runs, at, runs, at + 1, count - at);
            offsets[at] = offset;
            runs[at] = 0;
            count++;
        }
        runs[at]++;
    }

    void remove(int offset) {
        int at = Arrays.binarySearch(offsets, 0, count, offset);
        if (--runs[at] == 0) {
            count--;
            System.arraycopy(offsets, at + 1, offsets, at, count - at);
            System.arraycopy(runs, at + 1, runs, at, count - at);
        }
    }
}
