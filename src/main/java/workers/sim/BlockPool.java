package workers.sim;

/**
 * Blocks of one tier. A block is free, or used by running requests (reference count above 0), or cached: used by none but
 * still matchable. A used block is private, or matchable under one sequence hash.
 *
 * <p>I1: free + used + cached = capacity.<br>
 * I2: a hash names at most one block; two requests that compute the same block end up sharing one.<br>
 * I3: blocks are released leaf to root and evicted in order of release, so if chains are prefix chains, the matchable
 * blocks are closed under "parent of".<br>
 * I4: a cached block that a hold covers is evicted only when no other is left, the weakest hold's first; holds never make
 * {@link #take} fail.
 *
 * <p>All operations on blocks are O(1) per block and allocate nothing; see {@link PoolHolds} for what holds cost.
 *
 * <p>Thread-safety: none.
 */
final class BlockPool {
    /** Parent of a block that opens a prompt, or whose parent the pool does not follow. */
    static final int NO_PARENT = -1;

    private final int capacity;
    private final Evictions evictions;
    private final HashTable byHash;
    private final long[] hashes;
    private final boolean[] matchable;
    private final int[] references;
    private final int[] parents;
    private final int[] children;
    private final RecencyLists lists;
    private final PoolHolds holds;
    private final int[] free;
    private int freeCount;
    private int cachedCount;
    private long version;

    /** Hears of every matchable block that gives way, before it is used anew. */
    interface Evictions {
        void evicted(int block, long hash);
    }

    BlockPool(int capacity, Evictions evictions) {
        this.capacity = capacity;
        this.evictions = evictions;
        byHash = new HashTable(capacity);
        hashes = new long[capacity];
        matchable = new boolean[capacity];
        references = new int[capacity];
        parents = new int[capacity];
        children = new int[capacity];
        lists = new RecencyLists(capacity);
        holds = new PoolHolds(this, lists, capacity);
        free = new int[capacity];
        for (int i = 0; i < capacity; i++) {
            free[i] = capacity - 1 - i;
        }
        freeCount = capacity;
    }

    int used() {
        return capacity - freeCount - cachedCount;
    }

    int cached() {
        return cachedCount;
    }

    int free() {
        return freeCount;
    }

    /** Blocks that {@link #take} can give. */
    int available() {
        return freeCount + cachedCount;
    }

    /** Changes whenever a reservation that failed might succeed. */
    long version() {
        return version;
    }

    /**
     * Finds the leading blocks of a chain, without using them.
     *
     * @param limit longest match wanted
     * @param into receives the blocks
     * @return how many match
     */
    int match(long[] chain, int limit, int[] into) {
        for (int i = 0; i < limit; i++) {
            int block = byHash.get(chain[i]);
            if (block == HashTable.ABSENT) {
                return i;
            }
            into[i] = block;
        }
        return limit;
    }

    /** How many of the first {@code count} blocks no request uses: using them makes that many unavailable. */
    int unused(int[] blocks, int count) {
        int unused = 0;
        for (int i = 0; i < count; i++) {
            if (references[blocks[i]] == 0) {
                unused++;
            }
        }
        return unused;
    }

    /** Uses matched blocks. */
    void share(int[] blocks, int count) {
        for (int i = 0; i < count; i++) {
            use(blocks[i]);
        }
    }

    /** Takes a private block, evicting a cached one if none is free; some block must be available. */
    int take() {
        int block;
        if (freeCount > 0) {
            block = free[--freeCount];
        } else {
            if (cachedCount == 0) {
                throw new IllegalStateException("no block is available");
            }
            block = lists.empty(capacity) ? holds.first() : lists.oldest(capacity);
            forget(block);
            evictions.evicted(block, hashes[block]);
        }
        references[block] = 1;
        return block;
    }

    /**
     * Makes a private block matchable.
     *
     * @param parent the matchable block before it, or {@link #NO_PARENT}
     * @return the block to use from here on: another one with the same content if there already is one
     */
    int publish(int block, long hash, int parent) {
        version++;
        int known = byHash.get(hash);
        if (known != HashTable.ABSENT) {
            release(block);
            use(known);
            return known;
        }
        hashes[block] = hash;
        matchable[block] = true;
        parents[block] = parent;
        if (parent != NO_PARENT) {
            children[parent]++;
        }
        byHash.put(hash, block);
        return block;
    }

    /** Ends the use of a request's blocks, leaf to root. */
    void release(int[] blocks, int count) {
        version++;
        for (int i = count - 1; i >= 0; i--) {
            release(blocks[i]);
        }
    }

    /**
     * Makes the blocks at the end of a chain the first to give way, leaf before root: as many as no request uses, no hold covers
     * and no other chain continues.
     */
    void expose(int[] blocks, int count) {
        int from = count;
        int behind = 0;
        while (from > 0 && idle(blocks[from - 1]) && children[blocks[from - 1]] == behind) {
            from--;
            behind = 1;
        }
        for (int i = from; i < count; i++) {
            lists.unlink(blocks[i]);
            lists.prepend(capacity, blocks[i]);
        }
    }

    private boolean idle(int block) {
        return references[block] == 0 && holds.covers(block) == 0;
    }

    /** Hash of the block before a matchable one; its own when it opens a prompt. */
    long parentHash(int block) {
        return parents[block] == NO_PARENT ? hashes[block] : hashes[parents[block]];
    }

    long hash(int block) {
        return hashes[block];
    }

    /** How many requests use a block. */
    int references(int block) {
        return references[block];
    }

    /** Whether a hash is matchable. */
    boolean holds(long hash) {
        return byHash.get(hash) != HashTable.ABSENT;
    }

    /** The block of a matchable hash. */
    int block(long hash) {
        return byHash.get(hash);
    }

    /** What protects cached blocks from eviction while there are others. */
    PoolHolds holds() {
        return holds;
    }

    /** Makes an unused matchable block the newest cached one of its hold, or of those without. */
    void append(int block) {
        lists.append(holds.head(block, capacity), block);
        holds.appended(block);
    }

    private void forget(int block) {
        unlink(block);
        holds.evicted(block, hashes[block]);
        byHash.remove(hashes[block]);
        matchable[block] = false;
        if (parents[block] != NO_PARENT) {
            children[parents[block]]--;
        }
    }

    private void use(int block) {
        if (references[block]++ == 0) {
            unlink(block);
        }
    }

    private void release(int block) {
        if (--references[block] > 0) {
            return;
        }
        if (matchable[block]) {
            append(block);
            cachedCount++;
        } else {
            free[freeCount++] = block;
        }
    }

    private void unlink(int block) {
        lists.unlink(block);
        holds.unlinked(block);
        cachedCount--;
    }
}
