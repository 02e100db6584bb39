package workers.holds;

import java.util.OptionalLong;
import kv.KvTier;

/**
 * What an engine's cache holds, by our sequence hashes, as far as is known.
 *
 * <p>All answers in O(1).
 */
public interface CachedBlocks {

    /** Whether anything is known of a block; one that left every tier may be known for the blocks behind it. */
    boolean knows(long hash);

    /** Whether a block lies in a tier. */
    boolean contains(long hash, KvTier tier);

    /** The block before a known one; empty when it opens a prompt. */
    OptionalLong parent(long hash);
}
