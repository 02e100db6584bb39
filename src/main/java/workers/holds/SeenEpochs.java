package workers.holds;

import java.util.LinkedHashMap;
import java.util.Map;
import kv.Epoch;
import kv.LeaseId;

/**
 * The highest epoch seen of each lease, ended ones included, so that a keeper of the past cannot bring one back. The leases
 * heard of longest ago are forgotten first. Mutable, not thread safe.
 */
public final class SeenEpochs {
    private final Map<LeaseId, Epoch> epochs;

    /** @param limit leases remembered, at least 1 */
    public SeenEpochs(int limit) {
        epochs = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<LeaseId, Epoch> eldest) {
                return size() > limit;
            }
        };
    }

    /** Whether a command's epoch is not older than any before it; remembers it if so. */
    public boolean admit(LeaseId lease, Epoch epoch) {
        Epoch seen = epochs.get(lease);
        if (seen != null && epoch.compareTo(seen) < 0) {
            return false;
        }
        epochs.put(lease, epoch);
        return true;
    }
}
