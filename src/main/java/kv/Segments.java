package kv;

import java.util.Arrays;

/**
 * Holders of one run's blocks: a piecewise-constant function from the offset in the run to the owners that hold that
 * block, per tier.
 *
 * <p>One packed array, a row per piece: the offset where the piece starts, then for each word of 64 owner slots that occurs
 * in this run one bitmap per tier. Rows are in order of offset, the first starts at 0, and neighbours differ. Words that no
 * holder of the run falls into take no space, so a fleet of thousands of owners costs a run nothing but its own holders.
 *
 * <p>Thread-safety: immutable.
 */
final class Segments {
    private static final int[] FIRST_WORD = {0};

    /** Which 64 owner slots each word covers, ascending. */
    private final int[] words;

    private final int tiers;
    private final int stride;
    private final long[] rows;

    Segments(int[] words, int tiers, long[] rows) {
        this.words = words;
        this.tiers = tiers;
        this.stride = 1 + words.length * tiers;
        this.rows = rows;
    }

    /** One piece from offset 0 with a single holder. */
    static Segments of(int slot, int tier) {
        int word = slot >>> 6;
        long[] rows = new long[2 + tier];
        rows[1 + tier] = 1L << slot;
        return new Segments(word == 0 ? FIRST_WORD : new int[] {word}, tier + 1, rows);
    }

    int[] words() {
        return words;
    }

    /** Tiers with a bitmap, hottest first; colder ones hold nothing. */
    int tiers() {
        return tiers;
    }

    int count() {
        return rows.length / stride;
    }

    int start(int segment) {
        return (int) rows[segment * stride];
    }

    /** Holders among the {@code word}-th word's owners in the tier or a hotter one. */
    long holdersUpTo(int segment, int word, int tier) {
        int at = segment * stride + 1 + word * tiers;
        long holders = rows[at];
        for (int t = 1, last = Math.min(tier, tiers - 1); t <= last; t++) {
            holders |= rows[at + t];
        }
        return holders;
    }

    /** Holders among the {@code word}-th word's owners in exactly this tier. */
    long holdersIn(int segment, int word, int tier) {
        return rows[segment * stride + 1 + word * tiers + tier];
    }

    /** Position of a word of owner slots, or negative if no holder falls into it. */
    int indexOf(int word) {
        return words.length == 1 ? (words[0] == word ? 0 : -1) : Arrays.binarySearch(words, word);
    }

    /** Whether nobody holds the blocks of a piece. */
    boolean isEmpty(int segment) {
        for (int i = segment * stride + 1, end = (segment + 1) * stride; i < end; i++) {
            if (rows[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether an owner holds any block of the run in any tier. */
    boolean holds(int slot) {
        int word = indexOf(slot >>> 6);
        if (word < 0) {
            return false;
        }
        for (int segment = count() - 1; segment >= 0; segment--) {
            if ((holdersUpTo(segment, word, tiers - 1) >>> slot & 1) != 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether an owner holds every block of the range in exactly this tier. */
    boolean holds(int slot, int tier, int from, int to) {
        int word = tier < tiers ? indexOf(slot >>> 6) : -1;
        if (word < 0) {
            return false;
        }
        for (int segment = segmentAt(from), last = count(); segment < last && start(segment) < to; segment++) {
            if ((holdersIn(segment, word, tier) >>> slot & 1) == 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether blocks appended for this holder alone continue the last piece. */
    boolean lastIsOnly(int slot, int tier) {
        int word = tier < tiers ? indexOf(slot >>> 6) : -1;
        if (word < 0) {
            return false;
        }
        int row = rows.length - stride + 1;
        int own = word * tiers + tier;
        for (int i = 0; i < stride - 1; i++) {
            if (rows[row + i] != (i == own ? 1L << slot : 0)) {
                return false;
            }
        }
        return true;
    }

    /** The piece that covers an offset. */
    int segmentAt(int offset) {
        int low = 0;
        int high = count();
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (start(middle) <= offset) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** All pieces but the last. */
    Segments withoutLast() {
        return new Segments(words, tiers, Arrays.copyOf(rows, rows.length - stride));
    }

    long[] rows() {
        return rows;
    }

    int stride() {
        return stride;
    }
}
