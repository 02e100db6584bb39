package workers.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import kv.KvEvent;
import kv.KvTier;

/**
 * Changes of the matchable blocks during one pass, in order, as few events as that order allows.
 *
 * <p>Thread-safety: none.
 */
final class KvChanges {
    private final List<Change> changes = new ArrayList<>();
    private long[] removed = new long[16];
    private int removedCount;

    /** A change and, for stores, whose blocks they are. */
    private record Change(String id, int firstBlock, KvEvent event) {}

    void removed(long hash) {
        if (removedCount == removed.length) {
            removed = Arrays.copyOf(removed, removedCount * 2);
        }
        removed[removedCount++] = hash;
    }

    /** Blocks {@code from} to {@code to}, exclusive, of a request's chain became matchable. */
    void stored(SimRequest request, int from, int to) {
        flushRemoved();
        long[] chain = request.sequenceHashes();
        boolean root = from == 0;
        long[] hashes = Arrays.copyOfRange(chain, from, to);
        changes.add(new Change(
                request.id(), from, new KvEvent.BlocksStored(root, root ? 0 : chain[from - 1], hashes, KvTier.DEVICE)));
    }

    /** Tells the changes and forgets them. */
    void tell(SimListener listener, double timeMillis) {
        flushRemoved();
        for (Change change : changes) {
            if (change.event instanceof KvEvent.BlocksStored stored) {
                listener.onBlocksStored(change.id, change.firstBlock, stored, timeMillis);
            } else if (change.event instanceof KvEvent.BlocksRemoved gone) {
                listener.onBlocksRemoved(gone, timeMillis);
            }
        }
        changes.clear();
    }

    private void flushRemoved() {
        if (removedCount > 0) {
            long[] hashes = Arrays.copyOf(removed, removedCount);
            changes.add(new Change("", 0, new KvEvent.BlocksRemoved(hashes, KvTier.DEVICE)));
            removedCount = 0;
        }
    }
}
