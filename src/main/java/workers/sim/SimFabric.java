package workers.sim;

import kv.KvTier;
import org.jspecify.annotations.Nullable;

/**
 * What simulated engines share: the links between them and one remote store of blocks.
 *
 * <p>Its engines must be driven in order of time. A transfer of one may end while another is driven, so the ends that an
 * engine awaits can come sooner than {@link SimulatedEngine#nextArrivalMillis} once said only if transfers of others end, and
 * that time is never later than theirs.
 *
 * <p>Thread-safety: none.
 */
public final class SimFabric {
    final Interconnect interconnect = new Interconnect();
    final Interconnect.Link storeLink;
    final @Nullable ColdTier store;

    /**
     * @param remoteBlocks capacity of the store; 0 for none
     * @param storeBytesPerSecond speed of the store's own link, shared by all engines
     */
    public SimFabric(int remoteBlocks, double storeBytesPerSecond) {
        storeLink = new Interconnect.Link(storeBytesPerSecond);
        store = remoteBlocks > 0 ? new ColdTier(KvTier.REMOTE, remoteBlocks) : null;
    }
}
