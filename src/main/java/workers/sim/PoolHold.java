package workers.sim;

import java.util.Comparator;

/** One hold of a pool. Mutable: it becomes shallower when its deepest blocks are evicted. */
final class PoolHold {
    /** The one whose blocks are evicted first comes first. */
    static final Comparator<PoolHold> STRENGTH =
            Comparator.<PoolHold>comparingDouble(hold -> hold.asked.density()).thenComparing(hold -> hold.asked.id());

    static final Comparator<PoolHold> BY_END = Comparator.<PoolHold>comparingDouble(hold -> hold.asked.untilMillis())
            .thenComparing(hold -> hold.asked.id());

    final SimHold asked;
    /** Names the list of its blocks that nobody uses and no stronger hold covers. */
    final int head;
    /** Leading blocks of the chain that it covers. */
    int depth;
    /** Whether there are blocks in its list. */
    boolean evictable;

    PoolHold(SimHold asked, int head, int depth) {
        this.asked = asked;
        this.head = head;
        this.depth = depth;
    }

    boolean strongerThan(PoolHold other) {
        return STRENGTH.compare(this, other) > 0;
    }

    /** How many leading blocks both cover: equal hashes mean equal prefixes, so a search by halves finds the last. */
    int common(PoolHold other) {
        int equal = 0;
        int beyond = Math.min(depth, other.depth) + 1;
        while (beyond - equal > 1) {
            int middle = (equal + beyond) >>> 1;
            if (asked.chain()[middle - 1] == other.asked.chain()[middle - 1]) {
                equal = middle;
            } else {
                beyond = middle;
            }
        }
        return equal;
    }
}
