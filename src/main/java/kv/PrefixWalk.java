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

    /** Word of owner slots, tier, and owners still holding everything; one entry per pair with any owner left. */
    private int[] words = new int[4];

    private int[] tierOf = new int[4];
    private long[] alive = new long[4];
    private int count;

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
            int agreeing = run.agreement(query, depth, size, hint);
            walk.cross(run.segments, depth, agreeing);
            if (walk.count == 0) {
                break;
            }
            depth += agreeing;
        }
        walk.finish(depth);
        return walk.overlap;
    }

    /** Crosses the pieces of a run's first {@code blocks} blocks. */
    private void cross(Segments segments, int depth, int blocks) {
        int segment = 0;
        if (depth == 0) {
            begin(segments);
            segment = 1;
        }
        for (int last = segments.count(); segment < last && segments.start(segment) < blocks; segment++) {
            narrow(segments, segment, depth + segments.start(segment));
            if (count == 0) {
                return;
            }
        }
    }

    private void begin(Segments segments) {
        int[] present = segments.words();
        for (int word = 0; word < present.length; word++) {
            for (int tier = 0; tier < tiers; tier++) {
                long holders = segments.holdersUpTo(0, word, tier);
                if (holders != 0) {
                    add(present[word], tier, holders);
                }
            }
        }
    }

    private void add(int word, int tier, long holders) {
        if (count == words.length) {
            words = Arrays.copyOf(words, count * 2);
            tierOf = Arrays.copyOf(tierOf, count * 2);
            alive = Arrays.copyOf(alive, count * 2);
        }
        words[count] = word;
        tierOf[count] = tier;
        alive[count] = holders;
        count++;
    }

    private void narrow(Segments segments, int segment, int depth) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int word = segments.indexOf(words[i]);
            long staying = word < 0 ? 0 : alive[i] & segments.holdersUpTo(segment, word, tierOf[i]);
            if (staying != alive[i]) {
                overlap.stop(depth, words[i], tierOf[i], alive[i] & ~staying);
            }
            if (staying != 0) {
                words[kept] = words[i];
                tierOf[kept] = tierOf[i];
                alive[kept] = staying;
                kept++;
            }
        }
        count = kept;
    }

    private void finish(int depth) {
        for (int i = 0; i < count; i++) {
            overlap.stop(depth, words[i], tierOf[i], alive[i]);
        }
    }
}
