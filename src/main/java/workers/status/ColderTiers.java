package workers.status;

import kv.KvTier;

/**
 * An engine's memory below its device, and how its contents can be moved.
 *
 * <p>Thread-safety: immutable.
 *
 * @param hostBlocks capacity of the {@code HOST} tier in blocks, 0 for none
 * @param diskBlocks capacity of the {@code DISK} tier in blocks, 0 for none
 * @param demotes moves a prefix to a colder tier, and keeps it there, when told to
 * @param prefetches brings it back when told to; a request that needs it does so in any case
 * @param pulls takes a prefix over from another engine that does, too
 */
public record ColderTiers(int hostBlocks, int diskBlocks, boolean demotes, boolean prefetches, boolean pulls) {
    /** The device is all there is. */
    public static final ColderTiers NONE = new ColderTiers(0, 0, false, false, false);

    /** Whether a prefix can be kept in a tier. */
    public boolean keepsIn(KvTier tier) {
        return demotes && blocks(tier) > 0;
    }

    /** Capacity of a tier; 0 for those that are not the engine's own or not below its device. */
    public int blocks(KvTier tier) {
        return switch (tier) {
            case HOST -> hostBlocks;
            case DISK -> diskBlocks;
            case DEVICE, REMOTE -> 0;
        };
    }
}
