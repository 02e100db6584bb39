package workers.sim;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.PriorityQueue;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Soft pins of a pool: which hold protects which block, and in what order held blocks go when nothing else is left.
 *
 * <p>Each block belongs to the strongest hold that covers it. A hold covers leading blocks of its chain, so towards the root
 * owners only grow stronger: taking the oldest block of the weakest hold never takes a parent before its child.
 *
 * <p>A block without holds costs one comparison wherever blocks move; one with holds is O(1), or O(log holds) when its
 * hold's list begins or ceases to be empty. Asking for a hold is O(its blocks), ending one O(its blocks + holds).
 *
 * <p>Thread-safety: none.
 */
final class PoolHolds {
    private final BlockPool pool;
    private final RecencyLists lists;
    /** The strongest hold that covers a block. */
    private final @Nullable PoolHold[] owners;
    /** How many holds cover a block. */
    private final int[] covers;

    private final Map<String, PoolHold> holds = new HashMap<>();
    private final NavigableSet<PoolHold> evictable = new TreeSet<>(PoolHold.STRENGTH);
    private final PriorityQueue<PoolHold> byEnd = new PriorityQueue<>(PoolHold.BY_END);
    private final List<Integer> freeHeads = new ArrayList<>();
    private int heldBlocks;

    PoolHolds(BlockPool pool, RecencyLists lists, int capacity) {
        this.pool = pool;
        this.lists = lists;
        owners = new PoolHold[capacity];
        covers = new int[capacity];
    }

    /** Blocks that any hold covers, used ones too. */
    int blocks() {
        return heldBlocks;
    }

    /** Covers as many leading blocks of a chain as are matchable; returns how many. */
    int hold(SimHold asked) {
        release(asked.id());
        int[] blocks = new int[asked.chain().length];
        int depth = pool.match(asked.chain(), blocks.length, blocks);
        if (depth == 0) {
            return 0;
        }
        int head = freeHeads.isEmpty() ? lists.open() : freeHeads.remove(freeHeads.size() - 1);
        PoolHold hold = new PoolHold(asked, head, depth);
        holds.put(asked.id(), hold);
        byEnd.add(hold);
        for (int i = depth - 1; i >= 0; i--) {
            int block = blocks[i];
            heldBlocks += covers[block]++ == 0 ? 1 : 0;
            PoolHold owner = owners[block];
            if (owner == null || hold.strongerThan(owner)) {
                pass(block, hold);
            }
        }
        return depth;
    }

    /** Ends a hold; false when there is none. Blocks that it alone covered become the most recent of the others. */
    boolean release(String id) {
        PoolHold hold = holds.remove(id);
        if (hold == null) {
            return false;
        }
        byEnd.remove(hold);
        List<PoolHold> heirs = heirs(hold);
        PoolHold heir = null;
        int next = 0;
        for (int i = hold.depth - 1; i >= 0; i--) {
            for (; next < heirs.size() && heirs.get(next).common(hold) > i; next++) {
                heir = heir == null || heirs.get(next).strongerThan(heir) ? heirs.get(next) : heir;
            }
            int block = pool.block(hold.asked.chain()[i]);
            heldBlocks -= --covers[block] == 0 ? 1 : 0;
            if (owners[block] == hold) {
                pass(block, heir);
            }
        }
        freeHeads.add(hold.head);
        return true;
    }

    void releaseAll() {
        List.copyOf(holds.keySet()).forEach(this::release);
    }

    /** Ends the holds whose time has come. */
    void expire(double nowMillis) {
        for (PoolHold first = byEnd.peek();
                first != null && first.asked.untilMillis() <= nowMillis;
                first = byEnd.peek()) {
            release(first.asked.id());
        }
    }

    /** The list that an unused block belongs to, given the one of blocks without holds. */
    int head(int block, int unheld) {
        PoolHold owner = owners[block];
        return owner == null ? unheld : owner.head;
    }

    /** A block was put into its list. */
    void appended(int block) {
        PoolHold owner = owners[block];
        if (owner != null && !owner.evictable) {
            owner.evictable = true;
            evictable.add(owner);
        }
    }

    /** A block was taken out of its list. */
    void unlinked(int block) {
        PoolHold owner = owners[block];
        if (owner != null && lists.empty(owner.head)) {
            owner.evictable = false;
            evictable.remove(owner);
        }
    }

    /** The held block that goes first; there must be an unused one. */
    int first() {
        return lists.oldest(evictable.first().head);
    }

    /** A block is evicted: holds that cover it end before it. On a device it was their deepest, for those behind it went before. */
    void evicted(int block, long hash) {
        PoolHold owner = owners[block];
        if (owner == null) {
            return;
        }
        int at = owner.depth - 1;
        while (owner.asked.chain()[at] != hash) {
            at--;
        }
        List<PoolHold> covering = covers[block] == 1 ? List.of(owner) : List.copyOf(holds.values());
        for (PoolHold hold : covering) {
            if (hold.depth > at && hold.asked.chain()[at] == hash) {
                uncover(hold, at + 1);
                hold.depth = at;
            }
        }
        owners[block] = null;
        covers[block] = 0;
        heldBlocks--;
    }

    /** Nobody holds a hold's blocks from a depth on any more. */
    private void uncover(PoolHold hold, int from) {
        for (int i = hold.depth - 1; i >= from; i--) {
            int block = pool.block(hold.asked.chain()[i]);
            if (covers[block] > 0) {
                covers[block] = 0;
                heldBlocks--;
                pass(block, null);
            }
        }
    }

    /** Number of holds that cover a block. */
    int covers(int block) {
        return covers[block];
    }

    private List<PoolHold> heirs(PoolHold of) {
        List<PoolHold> heirs = new ArrayList<>();
        for (PoolHold other : holds.values()) {
            if (other.common(of) > 0) {
                heirs.add(other);
            }
        }
        heirs.sort(Comparator.comparingInt((PoolHold other) -> other.common(of)).reversed());
        return heirs;
    }

    private void pass(int block, @Nullable PoolHold to) {
        boolean unused = pool.references(block) == 0;
        if (unused) {
            lists.unlink(block);
            unlinked(block);
        }
        owners[block] = to;
        if (unused) {
            pool.append(block);
        }
    }
}
