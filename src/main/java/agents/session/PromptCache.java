package agents.session;

import inference.PromptFingerprint;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import kv.HashSalt;
import org.jspecify.annotations.Nullable;

/**
 * Token chains of recent prompts on this node, so that a prompt is tokenised only past what an earlier one shares with it. A
 * chain that is missing is computed again: it costs time, never a wrong hash.
 *
 * <p>Bounded by blocks, least recently used first. Chains that continue one another share storage but count in full, so the
 * bound is on the safe side.
 *
 * <p>Thread-safety: safe for concurrent use; every call holds the lock for a constant time.
 */
public final class PromptCache {
    /** What an entry weighs besides its blocks, in blocks. */
    private static final int OVERHEAD_BLOCKS = 32;

    private final long maxBlocks;
    private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long blocks;

    /** @param maxBlocks bound of all entries together, 8 bytes each */
    public PromptCache(long maxBlocks) {
        this.maxBlocks = maxBlocks;
    }

    /** Salt and model are part of the key: no tenant finds another's, no model another's tokens. */
    record Key(HashSalt salt, String model, PromptFingerprint fingerprint) {}

    /**
     * A known beginning.
     *
     * @param ends tokens up to the end of each of its pieces
     */
    record Entry(TokenChain chain, int[] ends) {
        long weightBlocks() {
            return OVERHEAD_BLOCKS + (long) chain.blocks().size() + ends.length / 2;
        }
    }

    synchronized @Nullable Entry get(Key key) {
        return entries.get(key);
    }

    synchronized void put(Key key, Entry entry) {
        Entry old = entries.put(key, entry);
        blocks += entry.weightBlocks() - (old == null ? 0 : old.weightBlocks());
        Iterator<Entry> oldest = entries.values().iterator();
        while (blocks > maxBlocks && oldest.hasNext()) {
            blocks -= oldest.next().weightBlocks();
            oldest.remove();
        }
    }

    /** Blocks held now, as they are counted. */
    public synchronized long blocks() {
        return blocks;
    }
}
