package router.queue;

import java.util.Arrays;

/**
 * Small multiset of worker slots, in no order, of whose elements some are marked as computed. Slots are few at most nodes, so
 * a scan beats a hash.
 */
final class SlotCounts {
    private int[] slots = new int[1];
    private int[] counts = new int[1];
    private int[] computed = new int[1];
    private int size;
    private int total;

    SlotCounts copy() {
        SlotCounts copy = new SlotCounts();
        copy.slots = Arrays.copyOf(slots, Math.max(1, size));
        copy.counts = Arrays.copyOf(counts, Math.max(1, size));
        copy.computed = Arrays.copyOf(computed, Math.max(1, size));
        copy.size = size;
        copy.total = total;
        return copy;
    }

    /** Adds one of a slot; whether it is the slot's first. */
    boolean add(int slot) {
        total++;
        for (int i = 0; i < size; i++) {
            if (slots[i] == slot) {
                counts[i]++;
                return false;
            }
        }
        if (size == slots.length) {
            slots = Arrays.copyOf(slots, size * 2);
            counts = Arrays.copyOf(counts, size * 2);
            computed = Arrays.copyOf(computed, size * 2);
        }
        slots[size] = slot;
        computed[size] = 0;
        counts[size++] = 1;
        return true;
    }

    /** Marks one of a slot that is in the set. */
    void markComputed(int slot) {
        computed[position(slot)]++;
    }

    /** Takes one of a slot that is in the set, marked or not; whether it was the slot's last. */
    boolean remove(int slot, boolean wasComputed) {
        int i = position(slot);
        total--;
        computed[i] -= wasComputed ? 1 : 0;
        if (--counts[i] > 0) {
            return false;
        }
        size--;
        slots[i] = slots[size];
        counts[i] = counts[size];
        computed[i] = computed[size];
        return true;
    }

    int size() {
        return size;
    }

    int slotAt(int position) {
        return slots[position];
    }

    /** Whether any at a position is marked. */
    boolean anyComputedAt(int position) {
        return computed[position] > 0;
    }

    /** Whether all at a position are marked. */
    boolean allComputedAt(int position) {
        return computed[position] == counts[position];
    }

    int total() {
        return total;
    }

    private int position(int slot) {
        for (int i = 0; i < size; i++) {
            if (slots[i] == slot) {
                return i;
            }
        }
        throw new IllegalStateException("slot " + slot + " is not counted here");
    }
}
