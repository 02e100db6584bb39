package workers.sim;

import java.util.Arrays;

/**
 * Doubly linked lists of blocks, oldest first, threaded through two arrays. A block is in at most one list. Each list is
 * named by its head, a position behind those of the blocks; the first one is {@code capacity}.
 *
 * <p>All operations are O(1) and, but for {@link #open}, allocate nothing.
 *
 * <p>Thread-safety: none.
 */
final class RecencyLists {
    private int[] newer;
    private int[] older;
    private int heads;

    /** @param capacity blocks there are; creates the first list */
    RecencyLists(int capacity) {
        newer = new int[capacity + 1];
        older = new int[capacity + 1];
        heads = capacity;
        open();
    }

    /** Creates a list; returns its head. */
    int open() {
        int head = heads++;
        if (head == newer.length) {
            newer = Arrays.copyOf(newer, newer.length + newer.length / 8 + 8);
            older = Arrays.copyOf(older, newer.length);
        }
        newer[head] = head;
        older[head] = head;
        return head;
    }

    boolean empty(int head) {
        return newer[head] == head;
    }

    /** The oldest block of a list, or its head if it is empty. */
    int oldest(int head) {
        return newer[head];
    }

    /** Puts a block that is in no list behind the newest of one. */
    void append(int head, int block) {
        int newest = older[head];
        older[block] = newest;
        newer[block] = head;
        newer[newest] = block;
        older[head] = block;
    }

    /** Puts a block that is in no list before the oldest of one. */
    void prepend(int head, int block) {
        int oldest = newer[head];
        newer[block] = oldest;
        older[block] = head;
        older[oldest] = block;
        newer[head] = block;
    }

    /** Takes a block out of its list. */
    void unlink(int block) {
        newer[older[block]] = newer[block];
        older[newer[block]] = older[block];
    }
}
