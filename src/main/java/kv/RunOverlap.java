package kv;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Overlap as the places where owners stop: for each such depth, tier and word of 64 owner slots one bitmap. Its size is
 * that of the answer's distinct depths, not of owners times depth.
 *
 * <p>Thread-safety: built by one thread, immutable afterwards.
 */
final class RunOverlap implements Overlap {
    private final OwnerDirectory owners;
    private int[] depths = new int[4];
    private int[] columns = new int[4];
    private long[] stopping = new long[4];
    private int count;

    RunOverlap(OwnerDirectory owners) {
        this.owners = owners;
    }

    /** Notes owners that hold {@code depth} leading blocks in a tier or hotter ones, and no more. */
    void stop(int depth, int word, int tier, long owners) {
        if (count == depths.length) {
            depths = Arrays.copyOf(depths, count * 2);
            columns = Arrays.copyOf(columns, count * 2);
            stopping = Arrays.copyOf(stopping, count * 2);
        }
        depths[count] = depth;
        columns[count] = column(word, tier);
        stopping[count] = owners;
        count++;
    }

    /** Drops owners that came or went while the match ran: their slot may have meant another owner meanwhile. */
    void keepUnchanged(OwnerDirectory later) {
        for (int i = 0; i < count; i++) {
            stopping[i] &= later.unchangedSince(owners, word(columns[i]));
        }
    }

    @Override
    public Iterable<CacheOwner> owners() {
        List<CacheOwner> holders = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if (tier(columns[i]) == owners.tiers() - 1) {
                for (long rest = stopping[i]; rest != 0; rest &= rest - 1) {
                    OwnerSlot slot = owners.at(word(columns[i]) * Long.SIZE + Long.numberOfTrailingZeros(rest));
                    if (slot != null) {
                        holders.add(slot.owner);
                    }
                }
            }
        }
        return holders;
    }

    @Override
    public int blocks(CacheOwner owner, KvTier tier) {
        @Nullable OwnerSlot slot = owners.slotOf(owner);
        if (slot == null) {
            return 0;
        }
        int column = column(slot.number >>> 6, Math.min(tier.distance(), owners.tiers() - 1));
        for (int i = 0; i < count; i++) {
            if (columns[i] == column && (stopping[i] >>> slot.number & 1) != 0) {
                return depths[i];
            }
        }
        return 0;
    }

    @Override
    public int deepest() {
        int deepest = 0;
        for (int i = 0; i < count; i++) {
            if (stopping[i] != 0) {
                deepest = Math.max(deepest, depths[i]);
            }
        }
        return deepest;
    }

    private static int column(int word, int tier) {
        return word << 2 | tier;
    }

    private static int word(int column) {
        return column >>> 2;
    }

    private static int tier(int column) {
        return column & 3;
    }
}
