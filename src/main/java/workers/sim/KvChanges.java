package workers.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import kv.KvEvent;
import kv.KvTier;
import org.jspecify.annotations.Nullable;

/**
 * Changes of the matchable blocks of all tiers since they were last told, in order, as few events as that order allows.
 *
 * <p>Thread-safety: none.
 */
final class KvChanges {
    private final List<Change> changes = new ArrayList<>();
    private Demotion demotion = (hashes, parents) -> {};
    private long[] evicted = new long[16];
    private long[] parents = new long[16];
    private int evictedCount;

    /** A change and, for stores of computed blocks, whose they are. */
    private record Change(@Nullable String id, int firstBlock, KvEvent event) {}

    /** Where blocks go that leave the device. */
    interface Demotion {
        /**
         * Blocks are leaving the device: what it does with them is told before that.
         *
         * @param hashes leaf before root
         * @param parents hash of the block before each; its own for one that opens a prompt
         */
        void leaving(long[] hashes, long[] parents);
    }

    void demoteTo(Demotion colder) {
        demotion = colder;
    }

    /** A block gave way on the device. */
    void evicted(long hash, long parent) {
        if (evictedCount == evicted.length) {
            evicted = Arrays.copyOf(evicted, evictedCount * 2);
            parents = Arrays.copyOf(parents, evictedCount * 2);
        }
        evicted[evictedCount] = hash;
        parents[evictedCount++] = parent;
    }

    /** Blocks {@code from} to {@code to}, exclusive, of a request's chain were computed. */
    void stored(SimRequest request, int from, int to) {
        flushEvicted();
        changes.add(new Change(request.id(), from, stored(request.sequenceHashes(), from, to, KvTier.DEVICE)));
    }

    /** Blocks {@code from} to {@code to}, exclusive, of a chain came to the device from elsewhere. */
    void arrived(long[] chain, int from, int to) {
        flushEvicted();
        changes.add(new Change(null, from, stored(chain, from, to, KvTier.DEVICE)));
    }

    /** Anything else, in an order that does not matter to what gives way on the device meanwhile. */
    void add(KvEvent event) {
        changes.add(new Change(null, 0, event));
    }

    /** Tells the changes and forgets them. */
    void tell(SimListener listener, double timeMillis) {
        flushEvicted();
        for (Change change : changes) {
            if (change.event instanceof KvEvent.BlocksRemoved gone) {
                listener.onBlocksRemoved(gone, timeMillis);
            } else if (change.event instanceof KvEvent.BlocksStored stored) {
                if (change.id == null) {
                    listener.onBlocksMoved(stored, timeMillis);
                } else {
                    listener.onBlocksStored(change.id, change.firstBlock, stored, timeMillis);
                }
            }
        }
        changes.clear();
    }

    private static KvEvent stored(long[] chain, int from, int to, KvTier tier) {
        boolean root = from == 0;
        return new KvEvent.BlocksStored(root, root ? 0 : chain[from - 1], Arrays.copyOfRange(chain, from, to), tier);
    }

    /** Demotes what left the device so far. */
    void flushEvicted() {
        if (evictedCount > 0) {
            long[] hashes = Arrays.copyOf(evicted, evictedCount);
            demotion.leaving(hashes, Arrays.copyOf(parents, evictedCount));
            changes.add(new Change(null, 0, new KvEvent.BlocksRemoved(hashes, KvTier.DEVICE)));
            evictedCount = 0;
        }
    }
}
