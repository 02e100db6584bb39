package workers.sim;

import java.util.ArrayList;
import java.util.List;
import kv.KvTier;
import org.jspecify.annotations.Nullable;
import workers.sim.Interconnect.Link;

/**
 * The tiers of one engine and the ways between them.
 *
 * <p>Thread-safety: none.
 */
final class Memory {
    final BlockPool device;
    final KvChanges changes;
    private final List<ColdTier> colder = new ArrayList<>();
    private final Interconnect interconnect;
    private final Link deviceHost;
    private final Link hostDisk;
    private final Link network;
    private final Link store;
    private final double bytesPerBlock;
    private double nowMillis = Double.NEGATIVE_INFINITY;

    Memory(BlockPool device, KvChanges changes, int blockSizeTokens, SimTiers tiers, SimFabric fabric) {
        this.device = device;
        this.changes = changes;
        interconnect = fabric.interconnect;
        deviceHost = new Link(tiers.deviceHostBytesPerSecond());
        hostDisk = new Link(tiers.hostDiskBytesPerSecond());
        network = new Link(tiers.networkBytesPerSecond());
        store = fabric.storeLink;
        bytesPerBlock = (double) blockSizeTokens * tiers.bytesPerToken();
        if (tiers.hostBlocks() > 0) {
            colder.add(new ColdTier(KvTier.HOST, tiers.hostBlocks()));
        }
        if (tiers.diskBlocks() > 0) {
            colder.add(new ColdTier(KvTier.DISK, tiers.diskBlocks()));
        }
        if (fabric.store != null) {
            colder.add(fabric.store);
        }
    }

    /** Tiers below the device, hottest first. */
    List<ColdTier> colder() {
        return colder;
    }

    @Nullable
    ColdTier tier(KvTier wanted) {
        for (ColdTier tier : colder) {
            if (tier.tier == wanted) {
                return tier;
            }
        }
        return null;
    }

    /** The next tier below one of the colder ones, or the first one. */
    @Nullable
    ColdTier below(@Nullable ColdTier tier) {
        int next = tier == null ? 0 : colder.indexOf(tier) + 1;
        return next < colder.size() ? colder.get(next) : null;
    }

    /** The hottest tier below the device that has a block. */
    @Nullable
    ColdTier coldTierOf(long hash) {
        for (ColdTier tier : colder) {
            if (tier.contains(hash)) {
                return tier;
            }
        }
        return null;
    }

    boolean anywhere(long hash) {
        return device.holds(hash) || coldTierOf(hash) != null;
    }

    /** Links between the device, for null, or a colder tier and another one. */
    List<Link> path(@Nullable ColdTier from, ColdTier to) {
        return switch (to.tier) {
            case HOST -> List.of(deviceHost);
            case DISK -> from == null ? List.of(deviceHost, hostDisk) : List.of(hostDisk);
            default -> List.of(network, store);
        };
    }

    /** Links between another engine and this one's device. */
    List<Link> path(Memory peer) {
        return List.of(peer.network, network);
    }

    /** This engine's own link alone. */
    List<Link> networkPath() {
        return List.of(network);
    }

    void begin(List<Link> path, int blocks, Runnable arrived) {
        interconnect.begin(path, blocks * bytesPerBlock, arrived, nowMillis);
    }

    /** Ends the transfers that are over by now. A pass may begin, by its own clock, before a command that came after it. */
    void settle(double now) {
        nowMillis = Math.max(nowMillis, now);
        interconnect.settle(nowMillis);
    }

    double nextEndMillis() {
        return interconnect.nextEndMillis();
    }
}
