package workers.sim;

import java.util.Arrays;

/**
 * Map from sequence hash to block number, of a fixed capacity, without boxing: open addressing with linear probing,
 * deletion by shifting back.
 *
 * <p>Thread-safety: none.
 */
final class HashTable {
    /** Answer for an absent hash. */
    static final int ABSENT = -1;

    /** Multiplier of Fibonacci hashing: 2^64 / golden ratio. Trace ids are consecutive, so they need spreading. */
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private final long[] keys;
    private final int[] values;
    private final int mask;
    private final int shift;

    /** @param capacity most entries held at once */
    HashTable(int capacity) {
        int slots = Integer.highestOneBit(Math.max(2, capacity)) * 4;
        keys = new long[slots];
        values = new int[slots];
        Arrays.fill(values, ABSENT);
        mask = slots - 1;
        shift = Long.SIZE - Integer.numberOfTrailingZeros(slots);
    }

    int get(long key) {
        int slot = home(key);
        while (values[slot] != ABSENT) {
            if (keys[slot] == key) {
                return values[slot];
            }
            slot = (slot + 1) & mask;
        }
        return ABSENT;
    }

    /** Adds an entry whose key is absent. */
    void put(long key, int value) {
        int slot = home(key);
        while (values[slot] != ABSENT) {
            slot = (slot + 1) & mask;
        }
        keys[slot] = key;
        values[slot] = value;
    }

    /** Removes an entry whose key is present. */
    void remove(long key) {
        int hole = home(key);
        while (keys[hole] != key) {
            if (values[hole] == ABSENT) {
                throw new IllegalStateException("hash " + key + " is not in the table");
            }
            hole = (hole + 1) & mask;
        }
        int slot = (hole + 1) & mask;
        while (values[slot] != ABSENT) {
            int home = home(keys[slot]);
            boolean reachableWithoutHole = ((slot - home) & mask) < ((slot - hole) & mask);
            if (!reachableWithoutHole) {
                keys[hole] = keys[slot];
                values[hole] = values[slot];
                hole = slot;
            }
            slot = (slot + 1) & mask;
        }
        values[hole] = ABSENT;
    }

    private int home(long key) {
        return (int) ((key * SPREAD) >>> shift);
    }
}
