package router.queue;

import java.util.Arrays;

/** Small multiset of worker slots, in no order. Slots are few at most nodes, so a scan beats a hash. */
final class SlotCounts {
    private int[] slots = new int[1];
    private int[] counts = new int[1];
    private int size;
    private int total;

    SlotCounts copy() {
        SlotCounts copy = new SlotCounts();
        copy.slots = Arrays.copyOf(slots, Math.max(1, size));
        copy.counts = Arrays.copyOf(counts, Math.max(1, size));
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
        }
        slots[size] = slot;
        counts[size++] = 1;
        return true;
    }

    /** Takes one of a slot that is in the set; whether it was the slot's last. */
    boolean remove(int slot) {
        for (int i = 0; i < size; i++) {
            if (slots[i] == slot) {
                total--;
                if (--counts[i] > 0) {
                    return false;
                }
                size--;
                slots[i] = slots[size];
                counts[i] = counts[size];
                return true;
            }
        }
        throw new IllegalStateException("slot " + slot + " is not counted here");
    }

    int size() {
        return size;
    }

    int slotAt(int position) {
        return slots[position];
    }

    int total() {
        return total;
    }
}
