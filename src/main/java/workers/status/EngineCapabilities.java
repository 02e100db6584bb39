package workers.status;

import kv.StoredCopy;
import org.jspecify.annotations.Nullable;

/**
 * What an engine can be told to do with its cache, as found out when it was probed.
 *
 * <p>Thread-safety: immutable.
 *
 * @param holds keeps a prefix against its own eviction when told to
 * @param copyFormat {@link StoredCopy#compatibility} of the copies that it writes to storage that its peers read, and reads from
 *     there; null when it does neither
 * @param privateSlots sequences whose caches are not shared, each addressed by its number; 0 for one cache shared by all
 * @param tiers memory below its device
 */
public record EngineCapabilities(boolean holds, @Nullable String copyFormat, int privateSlots, ColderTiers tiers) {
    /** A prefix cache that nobody can steer. */
    public static final EngineCapabilities NONE = new EngineCapabilities(false, null, 0);

    /** An engine with its device's memory alone. */
    public EngineCapabilities(boolean holds, @Nullable String copyFormat, int privateSlots) {
        this(holds, copyFormat, privateSlots, ColderTiers.NONE);
    }

    /** Whether it writes and reads copies at all. */
    public boolean copies() {
        return copyFormat != null;
    }

    /** Whether it can load a copy. */
    public boolean reads(StoredCopy copy) {
        return copy.compatibility().equals(copyFormat);
    }
}
