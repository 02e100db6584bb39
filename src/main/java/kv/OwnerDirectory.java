package kv;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Owners of an index by slot number and by name at one instant, and how many tiers have ever been in use.
 *
 * <p>Thread-safety: immutable.
 */
final class OwnerDirectory {
    static final OwnerDirectory EMPTY = new OwnerDirectory(new OwnerSlot[0], Map.of(), 1);

    private final @Nullable OwnerSlot[] byNumber;
    private final Map<CacheOwner, OwnerSlot> byOwner;
    private final int tiers;

    private OwnerDirectory(@Nullable OwnerSlot[] byNumber, Map<CacheOwner, OwnerSlot> byOwner, int tiers) {
        this.byNumber = byNumber;
        this.byOwner = byOwner;
        this.tiers = tiers;
    }

    int tiers() {
        return tiers;
    }

    @Nullable
    OwnerSlot slotOf(CacheOwner owner) {
        return byOwner.get(owner);
    }

    /** The owner at a number, or null if it is free. */
    @Nullable
    OwnerSlot at(int number) {
        return number < byNumber.length ? byNumber[number] : null;
    }

    /** This directory with one more owner, at the lowest free number: few owners mean narrow bitmaps. */
    OwnerDirectory with(CacheOwner owner) {
        int number = 0;
        while (at(number) != null) {
            number++;
        }
        OwnerSlot slot = new OwnerSlot(owner, number);
        @Nullable OwnerSlot[] slots = copy(Math.max(byNumber.length, number + 1));
        slots[number] = slot;
        Map<CacheOwner, OwnerSlot> owners = new HashMap<>(byOwner);
        owners.put(owner, slot);
        return new OwnerDirectory(slots, owners, tiers);
    }

    OwnerDirectory without(OwnerSlot slot) {
        @Nullable OwnerSlot[] slots = copy(byNumber.length);
        slots[slot.number] = null;
        Map<CacheOwner, OwnerSlot> owners = new HashMap<>(byOwner);
        owners.remove(slot.owner);
        return new OwnerDirectory(slots, owners, tiers);
    }

    OwnerDirectory withTiers(int count) {
        return new OwnerDirectory(byNumber, byOwner, count);
    }

    /** Those of a word's owners who were the same in an earlier directory. */
    long unchangedSince(OwnerDirectory earlier, int word) {
        long unchanged = 0;
        for (int bit = 0; bit < Long.SIZE; bit++) {
            OwnerSlot now = at(word * Long.SIZE + bit);
            if (now != null && now == earlier.at(word * Long.SIZE + bit)) {
                unchanged |= 1L << bit;
            }
        }
        return unchanged;
    }

    private @Nullable OwnerSlot[] copy(int size) {
        @Nullable OwnerSlot[] copy = new OwnerSlot[size];
        System.arraycopy(byNumber, 0, copy, 0, byNumber.length);
        return copy;
    }
}
