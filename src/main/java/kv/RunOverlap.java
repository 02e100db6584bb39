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

    /** Pairs of (column, depth) and the owners that stop there; the first {@code used} elements count. */
    private long[] stops = new long[4];

    private int used;

    RunOverlap(OwnerDirectory owners) {
        this.owners = owners;
    }

    /** Notes owners that hold {@code depth} leading blocks in a tier or hotter ones, and no more. */
    void stop(int depth, int column, long stopping) {
        if (used == stops.length) {
            stops = Arrays.copyOf(stops, used * 2);
        }
        stops[used] = (long) column << Integer.SIZE | depth;
        stops[used + 1] = stopping;
        used += 2;
    }

    /** Names a word of 64 owner slots in a tier. */
    static int column(int word, int tier) {
        return word << 2 | tier;
    }

    static int word(int column) {
        return column >>> 2;
    }

    static int tier(int column) {
        return column & 3;
    }

    /** Drops owners that came or went while the match ran: their slot may have meant another owner meanwhile. */
    void keepUnchanged(OwnerDirectory later) {
        for (int i = 0; i < used; i += 2) {
            stops[i + 1] &= later.unchangedSince(owners, word(columnAt(i)));
        }
    }

    @Override
    public Iterable<CacheOwner> owners() {
        List<CacheOwner> holders = new ArrayList<>();
        for (int i = 0; i < used; i += 2) {
            if (tier(columnAt(i)) == owners.tiers() - 1) {
                for (long rest = stops[i + 1]; rest != 0; rest &= rest - 1) {
                    OwnerSlot slot = owners.at(word(columnAt(i)) * Long.SIZE + Long.numberOfTrailingZeros(rest));
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
        for (int i = 0; i < used; i += 2) {
            if (columnAt(i) == column && (stops[i + 1] >>> slot.number & 1) != 0) {
                return depthAt(i);
            }
        }
        return 0;
    }

    @Override
    public int deepest() {
        int deepest = 0;
        for (int i = 0; i < used; i += 2) {
            if (stops[i + 1] != 0) {
                deepest = Math.max(deepest, depthAt(i));
            }
        }
        return deepest;
    }

    private int columnAt(int stop) {
        return (int) (stops[stop] >>> Integer.SIZE);
    }

    private int depthAt(int stop) {
        return (int) stops[stop];
    }
}
