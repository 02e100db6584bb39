package workers.sim;

import java.util.ArrayList;
import java.util.List;
import kv.KvTier;

/**
 * Blocks of a tier below the device: a {@link BlockPool} whose users are transfers, so that nothing is evicted while it is
 * read or written. Least recently moved blocks go first, held ones last.
 *
 * <p>A block that is being written can already be matched and read, as from the buffer that it comes from.
 *
 * <p>Thread-safety: none.
 */
final class ColdTier {
    final KvTier tier;
    final BlockPool pool;
    private final int capacity;
    private final long[] parents;
    private final KvChanges[] writers;
    private List<Evicted> evicted = new ArrayList<>();

    /** A block that gave way, the one before it, and who tells of it: in a shared store, the engine that wrote it. */
    record Evicted(long hash, long parent, KvChanges writer) {}

    ColdTier(KvTier tier, int capacity) {
        this.tier = tier;
        this.capacity = capacity;
        parents = new long[capacity];
        writers = new KvChanges[capacity];
        pool = new BlockPool(capacity, (block, hash) -> evicted.add(new Evicted(hash, parents[block], writers[block])));
    }

    int capacity() {
        return capacity;
    }

    /** Blocks there, those under way included. */
    int blocks() {
        return capacity - pool.free();
    }

    boolean contains(long hash) {
        return pool.holds(hash);
    }

    /** Uses the block of a hash that is here. */
    int use(long hash) {
        int[] block = {pool.block(hash)};
        pool.share(block, 1);
        return block[0];
    }

    /** Whether {@link #write} finds room. */
    boolean hasRoom() {
        return pool.available() > 0;
    }

    /** Adds a block that is not here, in use until it is released. */
    int write(long hash, long parent, KvChanges writer) {
        int block = pool.publish(pool.take(), hash, BlockPool.NO_PARENT);
        parents[block] = parent;
        writers[block] = writer;
        return block;
    }

    /** Ends the use of blocks, root before leaf; they become the most recent. */
    void release(int[] blocks, int count) {
        pool.release(blocks, count);
    }

    /** What gave way since the last call, oldest first. */
    List<Evicted> takeEvicted() {
        List<Evicted> taken = evicted;
        evicted = new ArrayList<>();
        return taken;
    }

    /** How many leading blocks of a chain are here. */
    int match(long[] chain) {
        int depth = 0;
        while (depth < chain.length && pool.holds(chain[depth])) {
            depth++;
        }
        return depth;
    }
}
