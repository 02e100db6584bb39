package kv;

import java.util.Arrays;

/**
 * Workshop in which the writer makes new {@link Segments} out of old ones; reused, so that an edit allocates its result and
 * nothing else.
 *
 * <p>Thread-safety: confined to the index's writer.
 */
final class SegmentsEditor {
    private long[] scratch = new long[64];
    private int used;
    private int previous;

    private int[] words = {};
    private int tiers;
    private int stride;

    private int editedWord;
    private long editedMask;
    private int firstTier;
    private int lastTier;
    private boolean hold;

    private boolean changed;
    private int length;
    private long heldBlocksDelta;

    /** Whether the latest edit changed any holder. */
    boolean changed() {
        return changed;
    }

    /** Blocks of the run after the latest edit. */
    int length() {
        return length;
    }

    /** Blocks that gained their first holder less those that lost their last, in the latest edit. */
    long heldBlocksDelta() {
        return heldBlocksDelta;
    }

    /**
     * Adds a holder to a range.
     *
     * @param length blocks of the run before
     * @param to may lie beyond {@code length}: those blocks are new and have no other holder; {@code from} may not
     */
    Segments hold(Segments old, int length, int from, int to, int slot, int tier) {
        layout(old, slot >>> 6, tier + 1);
        begin(slot, tier, tier, true);
        int newLength = Math.max(length, to);
        return edit(old, length, newLength, from, to, newLength);
    }

    /**
     * Takes a holder out of a range in one tier.
     *
     * @param leastLength blocks that the run keeps even if nobody holds them, because other runs hang off them
     * @return pieces without those at the end that nobody holds and nothing needs; maybe none at all
     */
    Segments release(Segments old, int length, int from, int to, int slot, int tier, int leastLength) {
        layout(old, slot >>> 6, tier + 1);
        begin(slot, tier, tier, false);
        return edit(old, length, length, from, to, leastLength);
    }

    /** Takes a holder out of the whole run, in every tier; otherwise as {@link #release}. */
    Segments releaseAll(Segments old, int length, int slot, int leastLength) {
        layout(old, slot >>> 6, old.tiers());
        begin(slot, 0, old.tiers() - 1, false);
        return edit(old, length, length, 0, length, leastLength);
    }

    private void layout(Segments old, int word, int neededTiers) {
        tiers = Math.max(old.tiers(), neededTiers);
        words = old.words();
        editedWord = old.indexOf(word);
        if (editedWord < 0) {
            editedWord = words.length;
            while (editedWord > 0 && words[editedWord - 1] > word) {
                editedWord--;
            }
            int[] wider = Arrays.copyOf(words, words.length + 1);
            System.arraycopy(words, editedWord, wider, editedWord + 1, words.length - editedWord);
            wider[editedWord] = word;
            words = wider;
        }
        stride = 1 + words.length * tiers;
    }

    private void begin(int slot, int fromTier, int toTier, boolean holding) {
        editedMask = 1L << slot;
        firstTier = fromTier;
        lastTier = toTier;
        hold = holding;
        used = 0;
        previous = -1;
        changed = false;
        heldBlocksDelta = 0;
    }

    private Segments edit(Segments old, int oldLength, int newLength, int from, int to, int leastLength) {
        int count = old.count();
        for (int segment = 0; segment < count; segment++) {
            int start = old.start(segment);
            int end = segment + 1 < count ? old.start(segment + 1) : oldLength;
            emit(old, segment, start, Math.min(end, from), false);
            emit(old, segment, Math.max(start, from), Math.min(end, to), true);
            emit(old, segment, Math.max(start, to), end, false);
        }
        emit(old, -1, oldLength, newLength, true);
        length = newLength;
        if (!isHeld(previous)) {
            int heldEnd = (int) scratch[previous];
            length = Math.max(heldEnd, leastLength);
            used = heldEnd >= leastLength ? previous : used;
        }
        return result(old);
    }

    /** The old pieces if nothing about them has changed. */
    private Segments result(Segments old) {
        boolean same = stride == old.stride() && Arrays.equals(scratch, 0, used, old.rows(), 0, old.rows().length);
        return same ? old : new Segments(words, tiers, Arrays.copyOf(scratch, used));
    }

    /** Writes a piece with an old piece's holders ({@code segment} -1: nobody), merging it into an equal one before. */
    private void emit(Segments old, int segment, int start, int end, boolean edited) {
        if (start >= end) {
            return;
        }
        if (used + stride > scratch.length) {
            scratch = Arrays.copyOf(scratch, Math.max(used + stride, scratch.length * 2));
        }
        scratch[used] = start;
        copyHolders(old, segment);
        if (edited) {
            boolean heldBefore = isHeld(used);
            toggle();
            boolean heldAfter = isHeld(used);
            if (heldBefore != heldAfter) {
                heldBlocksDelta += heldAfter ? end - start : start - end;
            }
        }
        if (previous < 0 || !equalHolders(previous, used)) {
            previous = used;
            used += stride;
        }
    }

    private void copyHolders(Segments old, int segment) {
        if (segment < 0) {
            Arrays.fill(scratch, used + 1, used + stride, 0);
        } else if (stride == old.stride()) {
            System.arraycopy(old.rows(), segment * stride + 1, scratch, used + 1, stride - 1);
        } else {
            Arrays.fill(scratch, used + 1, used + stride, 0);
            for (int word = 0; word < words.length; word++) {
                int from = old.indexOf(words[word]);
                for (int tier = 0; from >= 0 && tier < old.tiers(); tier++) {
                    scratch[used + 1 + word * tiers + tier] = old.holdersIn(segment, from, tier);
                }
            }
        }
    }

    private void toggle() {
        int at = used + 1 + editedWord * tiers;
        for (int tier = firstTier; tier <= lastTier; tier++) {
            long before = scratch[at + tier];
            scratch[at + tier] = hold ? before | editedMask : before & ~editedMask;
            changed |= scratch[at + tier] != before;
        }
    }

    private boolean isHeld(int row) {
        for (int i = row + 1; i < row + stride; i++) {
            if (scratch[i] != 0) {
                return true;
            }
        }
        return false;
    }

    private boolean equalHolders(int a, int b) {
        return Arrays.equals(scratch, a + 1, a + stride, scratch, b + 1, b + stride);
    }
}
