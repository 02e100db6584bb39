package kv;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One lookup: goes down the runs that a prompt follows and keeps, per tier, the owners that held every block so far.
 *
 * <p>Thread-safety: confined to the looking-up thread.
 */
final class PrefixWalk {
    private final RunOverlap overlap;
    private final int tiers;

    /** Pairs of a column of {@link RunOverlap} and its owners that still hold everything, as long as there are any. */
    private long[] alive = new long[4];

    private int used;

    private PrefixWalk(OwnerDirectory owners) {
        this.overlap = new RunOverlap(owners);
        this.tiers = owners.tiers();
    }

    /**
     * Walks a query.
     *
     * @param size elements of the query
     * @param hint depth at which the query may leave the known; any number
     */
    static RunOverlap walk(HeadTable heads, OwnerDirectory owners, long[] query, int size, int hint) {
        PrefixWalk walk = new PrefixWalk(owners);
        int depth = 0;
        while (depth < size) {
            @Nullable RunVersion run = heads.find(query[depth]);
            if (run == null) {
                break;
            }
            if (depth == 0) {
                walk.begin(run.segments);
            }
            int agreeing = run.agreement(query, depth, size, hint);
            walk.cross(run.segments, depth, agreeing);
            if (walk.used == 0) {
                break;
            }
            depth += agreeing;
        }
        walk.finish(depth);
        return walk.overlap;
    }

    private void begin(Segments segments) {
        int[] words = segments.words();
        for (int word = 0; word < words.length; word++) {
            for (int tier = 0; tier < tiers; tier++) {
                long holders = segments.holdersUpTo(0, word, tier);
                if (holders != 0) {
                    if (used == alive.length) {
                        alive = Arrays.copyOf(alive, used * 2);
                    }
                    alive[used] = RunOverlap.column(words[word], tier);
                    alive[used + 1] = holders;
                    used += 2;
                }
            }
        }
    }

    /** Crosses a run's first {@code blocks} blocks; column by column, as few of them have anybody left. */
    private void cross(Segments segments, int depth, int blocks) {
        int end = segments.segmentAt(blocks - 1) + 1;
        int kept = 0;
        for (int i = 0; i < used; i += 2) {
            int column = (int) alive[i];
            long left = cross(segments, end, depth, column, alive[i + 1]);
            if (left != 0) {
                alive[kept] = column;
                alive[kept + 1] = left;
                kept += 2;
            }
        }
        used = kept;
    }

    private long cross(Segments segments, int end, int depth, int column, long owners) {
        int word = segments.indexOf(RunOverlap.word(column));
        if (word < 0) {
            overlap.stop(depth, column, owners);
            return 0;
        }
        int tier = RunOverlap.tier(column);
        long left = owners;
        for (int segment = 0; segment < end; segment++) {
            long staying = left & segments.holdersUpTo(segment, word, tier);
            if (staying != left) {
                overlap.stop(depth + segments.start(segment), column, left & ~staying);
                left = staying;
                if (left == 0) {
                    break;
                }
            }
        }
        return left;
    }

    private void finish(int depth) {
        for (int i = 0; i < used; i += 2) {
            overlap.stop(depth, (int) alive[i], alive[i + 1]);
        }
    }
}
