package workers.status;

/**
 * What an engine can be told to do with its cache, as found out when it was probed.
 *
 * <p>Thread-safety: immutable.
 *
 * @param holds keeps a prefix against its own eviction when told to
 * @param copies writes prefixes to storage that its peers read, and reads them from there
 * @param privateSlots sequences whose caches are not shared, each addressed by its number; 0 for one cache shared by all
 */
public record EngineCapabilities(boolean holds, boolean copies, int privateSlots) {
    /** A prefix cache that nobody can steer. */
    public static final EngineCapabilities NONE = new EngineCapabilities(false, false, 0);
}
