package kv;

import java.util.Arrays;

/**
 * Location of every block of an index by its sequence hash; 8 bytes per slot.
 *
 * <p>A slot holds 26 bits of the mixed hash, its <em>tag</em>, above the location (run, offset); the full hash is read in the
 * run. The tag alone gives a slot's home, and slots are sorted by it: linear probing in the order of keys. So a search that
 * fails ends early, removing shifts back a few slots and leaves no tombstone, and growing is one pass from left to right,
 * none of them looking into runs. The table is striped and a stripe grows by a sixth: neither a long stop nor a doubling of
 * memory.
 *
 * <p>Thread-safety: confined to the index's writer.
 *
 * @see <a href="https://doi.org/10.1093/comjnl/17.2.135">Amble and Knuth, Ordered hash tables, 1974</a>
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
    private static final int CACHE_LINE_SLOTS = 8;
    private static final int LEAST_HOMES = 8;

    /** Slots behind the last home, more where they run out, so that nothing wraps around; the very last stays empty. */
    private static final int OVERFLOW_SLOTS = 24;

    private static final long[] NO_SLOTS = new long[OVERFLOW_SLOTS + 1];

    static final int MAX_RUN_BLOCKS = 1 << OFFSET_BITS;
    static final int MAX_RUN_ID = (1 << RUN_BITS) - 1;

    private final Runs runs;
    private final long[][] stripes = new long[1 << STRIPE_BITS][];
    private final int[] homes = new int[1 << STRIPE_BITS];
    private final int[] counts = new int[1 << STRIPE_BITS];

    @SuppressWarnings("unused") // written only, so that the compiler cannot drop the loads of touch()
    private long touched;

    BlockMap(Runs runs) {
        this.runs = runs;
        Arrays.fill(stripes, NO_SLOTS);
        Arrays.fill(homes, 1);
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

    /** Blocks in the map. */
    long size() {
        return Arrays.stream(counts).asLongStream().sum();
    }

    /**
     * Loads the slots of blocks that are about to be found, added or removed, as far as a search mostly goes: two cache
     * lines. Here the loads are independent and overlap, one by one each would be a cache miss to wait for.
     */
    void touch(long[] hashes) {
        long sum = 0;
        for (long hash : hashes) {
            long mixed = mix(hash);
            int stripe = stripe(mixed);
            long[] slots = stripes[stripe];
            int home = home(tag(mixed), homes[stripe]);
            sum += slots[home] + slots[home + CACHE_LINE_SLOTS];
        }
        touched = sum;
    }

    /** Where a block is, or {@link #ABSENT}. */
    long find(long hash) {
        long mixed = mix(hash);
        int stripe = stripe(mixed);
        long[] slots = stripes[stripe];
        for (int at = first(mixed, stripe); hasTag(slots[at], mixed); at++) {
            if (isAt(slots[at] & LOCATION_MASK, hash)) {
                return slots[at] & LOCATION_MASK;
            }
        }
        return ABSENT;
    }

    /** Adds a block; false and no change if it has a location already. */
    boolean add(long hash, long location) {
        long mixed = mix(hash);
        int stripe = stripe(mixed);
        if ((counts[stripe] + 1) * 5 > homes[stripe] * 4) {
            resize(stripe, Math.max(LEAST_HOMES, moreHomes(stripe)));
        }
        long[] slots = stripes[stripe];
        int at = first(mixed, stripe);
        for (; hasTag(slots[at], mixed); at++) {
            if (isAt(slots[at] & LOCATION_MASK, hash)) {
                return false;
            }
        }
        counts[stripe]++;
        // Everything from here to the next empty slot moves on by one.
        long moving = slot(mixed, location);
        while (moving != 0) {
            long next = slots[at];
            slots[at++] = moving;
            moving = next;
        }
        if (at == slots.length) {
            stripes[stripe] = withMoreOverflow(slots);
        }
        return true;
    }

    /** Removes a block that is at a location. */
    void remove(long hash, long location) {
        long mixed = mix(hash);
        int stripe = stripe(mixed);
        long[] slots = stripes[stripe];
        long slot = slot(mixed, location);
        int at = home(tag(mixed), homes[stripe]);
        while (slots[at] != slot) {
            at++;
        }
        for (; slots[at + 1] != 0 && home(slots[at + 1] >>> LOCATION_BITS, homes[stripe]) <= at; at++) {
            slots[at] = slots[at + 1];
        }
        slots[at] = 0;
        counts[stripe]--;
        if (counts[stripe] * 4 < homes[stripe] && homes[stripe] > LEAST_HOMES) {
            resize(stripe, Math.max(LEAST_HOMES, homes[stripe] / 2));
        }
    }

    private boolean isAt(long location, long hash) {
        Run run = runs.get(run(location));
        return run != null && run.has(offset(location), hash);
    }

    /** Spreads a stripe over another number of homes. */
    private void resize(int stripe, int newHomes) {
        long[] slots = new long[newHomes + OVERFLOW_SLOTS];
        int next = 0;
        for (long slot : stripes[stripe]) {
            if (slot != 0) {
                next = Math.max(next, home(slot >>> LOCATION_BITS, newHomes));
                if (next == slots.length - 1) {
                    slots = withMoreOverflow(slots);
                }
                slots[next++] = slot;
            }
        }
        stripes[stripe] = slots;
        homes[stripe] = newHomes;
    }

    private static long[] withMoreOverflow(long[] slots) {
        return Arrays.copyOf(slots, slots.length + OVERFLOW_SLOTS);
    }

    /** The first slot from a hash's home on whose tag is not smaller. */
    private int first(long mixed, int stripe) {
        long[] slots = stripes[stripe];
        int at = home(tag(mixed), homes[stripe]);
        long least = slot(mixed, 0);
        // Less one, an empty slot is the greatest of all; no other changes sides, as no location is 0.
        while (Long.compareUnsigned(slots[at] - 1, least) < 0) {
            at++;
        }
        return at;
    }

    private static boolean hasTag(long slot, long mixed) {
        return slot != 0 && slot >>> LOCATION_BITS == tag(mixed);
    }

    /**
     * A sixth more, and a few that differ between stripes: these add up over the steps, so that stripes grow one after
     * another and the table as a whole grows evenly.
     */
    private int moreHomes(int stripe) {
        return homes[stripe] * 7 / 6 + (stripe & 15);
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

    private static long slot(long mixed, long location) {
        return tag(mixed) << LOCATION_BITS | location;
    }

    /** Grows with the tag, evenly from the first home to the last. */
    private static int home(long tag, int homes) {
        return (int) ((tag * homes) >>> TAG_BITS);
    }
}
