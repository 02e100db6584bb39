package kv;

import java.util.Arrays;

/**
 * Location of every block of an index by its sequence hash; 8 bytes per slot.
 *
 * <p>A slot holds the location (run, offset) and 26 bits of the mixed hash; the full hash is read in the run. Those bits
 * alone give the slot's home, so growing and deleting (by shifting back, without tombstones) never look into runs. The
 * table is striped and a stripe grows by a quarter, so that growth is neither a long stop nor a doubling of memory.
 *
 * <p>Thread-safety: confined to the index's writer.
 */
final class BlockMap {
    /** No location. */
    static final long ABSENT = -1;

    private static final int OFFSET_BITS = 12;
    private static final int RUN_BITS = 26;
    private static final int LOCATION_BITS = OFFSET_BITS + RUN_BITS;
    private static final int TAG_BITS = Long.SIZE - LOCATION_BITS;
    private static final long LOCATION_MASK = (1L << LOCATION_BITS) - 1;
    private static final int STRIPE_BITS = 8;
    private static final int LEAST_SLOTS = 8;

    static final int MAX_RUN_BLOCKS = 1 << OFFSET_BITS;
    static final int MAX_RUN_ID = (1 << RUN_BITS) - 1;

    private final Runs runs;
    private final long[][] stripes = new long[1 << STRIPE_BITS][LEAST_SLOTS];
    private final int[] counts = new int[1 << STRIPE_BITS];

    BlockMap(Runs runs) {
        this.runs = runs;
    }

    static long location(int run, int offset) {
        return (long) run << OFFSET_BITS | offset;
    }

    static int run(long location) {
        return (int) (location >>> OFFSET_BITS);
    }

    static int offset(long location) {
        return (int) location & MAX_RUN_BLOCKS - 1;
    }

    /** Where a block is, or {@link #ABSENT}. */
    long find(long hash) {
        long mixed = mix(hash);
        long[] slots = stripes[stripe(mixed)];
        long tag = tag(mixed);
        for (int at = home(tag, slots.length); slots[at] != 0; at = next(at, slots.length)) {
            if (slots[at] >>> LOCATION_BITS == tag && isAt(slots[at] & LOCATION_MASK, hash)) {
                return slots[at] & LOCATION_MASK;
            }
        }
        return ABSENT;
    }

    /** Adds a block; false and no change if it has a location already. */
    boolean add(long hash, long location) {
        long mixed = mix(hash);
        int stripe = stripe(mixed);
        if ((counts[stripe] + 1) * 8 > stripes[stripe].length * 7) {
            resize(stripe, stripes[stripe].length + (stripes[stripe].length >> 2));
        }
        long[] slots = stripes[stripe];
        long tag = tag(mixed);
        int at = home(tag, slots.length);
        while (slots[at] != 0) {
            if (slots[at] >>> LOCATION_BITS == tag && isAt(slots[at] & LOCATION_MASK, hash)) {
                return false;
            }
            at = next(at, slots.length);
        }
        slots[at] = tag << LOCATION_BITS | location;
        counts[stripe]++;
        return true;
    }

    /** Removes a block that is at a location. */
    void remove(long hash, long location) {
        long mixed = mix(hash);
        int stripe = stripe(mixed);
        long[] slots = stripes[stripe];
        long tag = tag(mixed);
        long slot = tag << LOCATION_BITS | location;
        int at = home(tag, slots.length);
        while (slots[at] != slot) {
            at = next(at, slots.length);
        }
        closeGap(slots, at);
        counts[stripe]--;
        if (slots.length > LEAST_SLOTS && counts[stripe] * 4 < slots.length) {
            resize(stripe, Math.max(LEAST_SLOTS, slots.length / 2));
        }
    }

    /** Blocks in the map. */
    long size() {
        return Arrays.stream(counts).asLongStream().sum();
    }

    private boolean isAt(long location, long hash) {
        Run run = runs.get(run(location));
        return run != null && run.has(offset(location), hash);
    }

    /** Moves later entries of the same cluster back, so that none becomes unreachable from its home. */
    private static void closeGap(long[] slots, int removed) {
        int gap = removed;
        int at = next(removed, slots.length);
        while (slots[at] != 0) {
            int home = home(slots[at] >>> LOCATION_BITS, slots.length);
            boolean homeBehindGap = gap <= at ? gap < home && home <= at : gap < home || home <= at;
            if (!homeBehindGap) {
                slots[gap] = slots[at];
                gap = at;
            }
            at = next(at, slots.length);
        }
        slots[gap] = 0;
    }

    private void resize(int stripe, int size) {
        long[] slots = new long[size];
        for (long slot : stripes[stripe]) {
            if (slot != 0) {
                int at = home(slot >>> LOCATION_BITS, size);
                while (slots[at] != 0) {
                    at = next(at, size);
                }
                slots[at] = slot;
            }
        }
        stripes[stripe] = slots;
    }

    private static long mix(long hash) {
        return hash * 0x9E3779B97F4A7C15L;
    }

    private static int stripe(long mixed) {
        return (int) (mixed >>> (Long.SIZE - STRIPE_BITS));
    }

    private static long tag(long mixed) {
        return mixed << STRIPE_BITS >>> LOCATION_BITS;
    }

    private static int home(long tag, int size) {
        return (int) ((tag * size) >>> TAG_BITS);
    }

    private static int next(int at, int size) {
        return at + 1 == size ? 0 : at + 1;
    }
}
