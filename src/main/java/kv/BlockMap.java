package kv;

import java.util.Arrays;

/**
 * Location of every block of an index by its sequence hash; some 10 bytes per block.
 *
 * <p>A slot holds 26 bits of the mixed hash, its <em>tag</em>, above the location (run, offset); the full hash is read in the
 * run. Seven slots and a control word make a group of 64 bytes. Seven bytes of the word say which slots are taken, each with
 * seven bits of the tag, so that one comparison of the word tells which slots to look at; no slot ever moves. The eighth byte
 * counts the blocks that belong into the group and found it full: they are in one of the next groups, and a search goes on only
 * while there are any. So removing leaves no tombstone, and what is absent is mostly known from one word.
 *
 * <p>The tag alone gives a slot's group, so that growing looks into no run. The table is striped and a stripe grows by an
 * eighth: neither a long stop nor a doubling of memory.
 *
 * <p>Thread-safety: confined to the index's writer.
 *
 * @see <a href="https://engineering.fb.com/2019/04/25/developer-tools/f14/">Bronson and Shi, F14, 2019</a>
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

    private static final int GROUP_SLOTS = 7;
    /** Words of a group: control, then slots. */
    private static final int GROUP_WORDS = 1 + GROUP_SLOTS;

    private static final int LEAST_GROUPS = 2;
    /** Slots in use out of so many before a stripe grows, in hundredths. */
    private static final int FULLEST = 85;

    /** The high bit of each slot's control byte: set when the slot is taken. */
    private static final long TAKEN = 0x0080808080808080L;

    private static final long LOW_BITS = 0x0001010101010101L;
    private static final int OVERFLOW_SHIFT = 56;
    private static final long ONE_OVERFLOW = 1L << OVERFLOW_SHIFT;
    /** A count that has come here stays: it may have been more. */
    private static final int MOST_OVERFLOW = 255;

    static final int MAX_RUN_BLOCKS = 1 << OFFSET_BITS;
    static final int MAX_RUN_ID = (1 << RUN_BITS) - 1;

    private final Runs runs;
    private final long[][] stripes = new long[1 << STRIPE_BITS][];
    private final int[] groups = new int[1 << STRIPE_BITS];
    private final int[] counts = new int[1 << STRIPE_BITS];

    @SuppressWarnings("unused") // written only, so that the compiler cannot drop the loads of touch()
    private long touched;

    BlockMap(Runs runs) {
        this.runs = runs;
        // One empty group for all stripes, none of which owns it: the first block makes a stripe grow.
        Arrays.fill(stripes, new long[GROUP_WORDS]);
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
     * Loads the groups of blocks that are about to be found, added or removed. Here the loads are independent and overlap, one
     * by one each would be a cache miss to wait for.
     */
    void touch(long[] hashes) {
        long sum = 0;
        for (long hash : hashes) {
            long mixed = mix(hash);
            int stripe = stripe(mixed);
            long[] words = stripes[stripe];
            int group = home(tag(mixed), groups[stripe]);
            sum += words[group] + words[group + GROUP_SLOTS];
        }
        touched = sum;
    }

    /** Where a block is, or {@link #ABSENT}. */
    long find(long hash) {
        long mixed = mix(hash);
        int stripe = stripe(mixed);
        return find(hash, mixed, stripes[stripe], home(tag(mixed), groups[stripe]));
    }

    private long find(long hash, long mixed, long[] words, int home) {
        long tag = tag(mixed);
        int group = home;
        do {
            long control = words[group];
            for (long hits = hits(control, tag); hits != 0; hits &= hits - 1) {
                long slot = words[group + slotOf(hits)];
                if (slot >>> LOCATION_BITS == tag && isAt(slot & LOCATION_MASK, hash)) {
                    return slot & LOCATION_MASK;
                }
            }
            if (control >>> OVERFLOW_SHIFT == 0) {
                return ABSENT;
            }
            group = next(group, words);
        } while (group != home);
        return ABSENT;
    }

    /** Adds a block; false and no change if it has a location already. */
    boolean add(long hash, long location) {
        long mixed = mix(hash);
        int stripe = stripe(mixed);
        if ((counts[stripe] + 1) * 100L > (long) groups[stripe] * GROUP_SLOTS * FULLEST) {
            resize(stripe, Math.max(LEAST_GROUPS, moreGroups(stripe)));
        }
        long[] words = stripes[stripe];
        int home = home(tag(mixed), groups[stripe]);
        if (find(hash, mixed, words, home) != ABSENT) {
            return false;
        }
        counts[stripe]++;
        put(words, home, tag(mixed) << LOCATION_BITS | location);
        return true;
    }

    /** Removes a block that is at a location. */
    void remove(long hash, long location) {
        long mixed = mix(hash);
        int stripe = stripe(mixed);
        long[] words = stripes[stripe];
        long tag = tag(mixed);
        long slot = tag << LOCATION_BITS | location;
        int group = home(tag, groups[stripe]);
        while (!take(words, group, tag, slot)) {
            long control = words[group];
            if (control >>> OVERFLOW_SHIFT != MOST_OVERFLOW) {
                words[group] = control - ONE_OVERFLOW;
            }
            group = next(group, words);
        }
        counts[stripe]--;
        if (counts[stripe] * 4 < groups[stripe] * GROUP_SLOTS && groups[stripe] > LEAST_GROUPS) {
            resize(stripe, Math.max(LEAST_GROUPS, groups[stripe] / 2));
        }
    }

    /** Takes a slot out of a group; false when it is not there. */
    private static boolean take(long[] words, int group, long tag, long slot) {
        long control = words[group];
        for (long hits = hits(control, tag); hits != 0; hits &= hits - 1) {
            if (words[group + slotOf(hits)] == slot) {
                words[group] = control & ~(0xFFL << (Long.numberOfTrailingZeros(hits) - 7));
                return true;
            }
        }
        return false;
    }

    private static void put(long[] words, int home, long slot) {
        int group = home;
        long free = ~words[group] & TAKEN;
        while (free == 0) {
            if (words[group] >>> OVERFLOW_SHIFT != MOST_OVERFLOW) {
                words[group] += ONE_OVERFLOW;
            }
            group = next(group, words);
            free = ~words[group] & TAKEN;
        }
        words[group] |= controlByte(slot >>> LOCATION_BITS) << (Long.numberOfTrailingZeros(free) - 7);
        words[group + slotOf(free)] = slot;
    }

    private boolean isAt(long location, long hash) {
        Run run = runs.get(run(location));
        return run != null && run.has(offset(location), hash);
    }

    /** Spreads a stripe over another number of groups. */
    private void resize(int stripe, int newGroups) {
        long[] old = stripes[stripe];
        long[] words = new long[newGroups * GROUP_WORDS];
        for (int group = 0; group < old.length; group += GROUP_WORDS) {
            for (long taken = old[group] & TAKEN; taken != 0; taken &= taken - 1) {
                long slot = old[group + slotOf(taken)];
                put(words, home(slot >>> LOCATION_BITS, newGroups), slot);
            }
        }
        stripes[stripe] = words;
        groups[stripe] = newGroups;
    }

    /**
     * An eighth more, and a few that differ between stripes: these add up over the steps, so that stripes grow one after
     * another and the table as a whole grows evenly.
     */
    private int moreGroups(int stripe) {
        return groups[stripe] * 9 / 8 + (stripe & 3) + 1;
    }

    /**
     * High bits of the control bytes that may stand for a tag: all that do, and rarely one above them that does not, so that
     * the slot is to be compared too.
     */
    private static long hits(long control, long tag) {
        long unlike = control ^ (LOW_BITS * controlByte(tag));
        return (unlike - LOW_BITS) & ~unlike & TAKEN;
    }

    private static long controlByte(long tag) {
        return (tag & 0x7F) | 0x80;
    }

    /** Position in its group of the slot whose control byte has the lowest bit set. */
    private static int slotOf(long bits) {
        return 1 + (Long.numberOfTrailingZeros(bits) >>> 3);
    }

    private static int next(int group, long[] words) {
        int next = group + GROUP_WORDS;
        return next == words.length ? 0 : next;
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

    /** First word of a tag's group; grows with the tag, evenly from the first group to the last. */
    private static int home(long tag, int groups) {
        return (int) ((tag * groups) >>> TAG_BITS) * GROUP_WORDS;
    }
}
