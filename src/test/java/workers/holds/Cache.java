package workers.holds;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import kv.KvTier;
import kv.Prefix;
import kv.SequenceHash;

/** A random tree of blocks of which some are cached, in every tier; hash = position + 1, block 0 stands for the empty prefix. */
final class Cache implements CachedBlocks {
    private final int[] parents;
    final Set<Long> cached = new HashSet<>();

    Cache(int blocks, Random random) {
        parents = new int[blocks + 1];
        for (int i = 1; i <= blocks; i++) {
            parents[i] = random.nextInt(4) == 0 ? random.nextInt(i) : i - 1;
            store(i);
        }
    }

    /** Hashes of the prefix that ends in a block, in order. */
    List<Long> chain(long hash) {
        List<Long> chain = new ArrayList<>();
        for (int i = (int) hash; i > 0; i = parents[i]) {
            chain.add(0, (long) i);
        }
        return chain;
    }

    Prefix prefix(long hash) {
        return new Prefix(chain(hash).size(), new SequenceHash(hash));
    }

    /** The engine computes a prefix. */
    void store(long hash) {
        cached.addAll(chain(hash));
    }

    /** Drops a block and what is behind it; tells which, leaves first. */
    long[] evict(long hash) {
        List<Long> gone = new ArrayList<>();
        for (long i = parents.length - 1L; i > 0; i--) {
            if (cached.contains(i) && chain(i).contains(hash)) {
                gone.add(i);
            }
        }
        cached.removeAll(gone);
        return gone.stream().mapToLong(Long::longValue).toArray();
    }

    int size() {
        return parents.length - 1;
    }

    @Override
    public boolean knows(long hash) {
        return hash > 0 && hash < parents.length;
    }

    @Override
    public boolean contains(long hash, KvTier tier) {
        return cached.contains(hash);
    }

    @Override
    public OptionalLong parent(long hash) {
        int parent = parents[(int) hash];
        return parent == 0 ? OptionalLong.empty() : OptionalLong.of(parent);
    }
}
