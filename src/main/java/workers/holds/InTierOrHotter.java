package workers.holds;

import java.util.OptionalLong;
import kv.KvTier;

/** A cache from which a prefix can be moved to a colder tier: what is hotter counts as being there. */
public record InTierOrHotter(CachedBlocks cached) implements CachedBlocks {

    @Override
    public boolean knows(long hash) {
        return cached.knows(hash);
    }

    @Override
    public boolean contains(long hash, KvTier tier) {
        for (KvTier hotter : KvTier.values()) {
            if (hotter.distance() <= tier.distance() && cached.contains(hash, hotter)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public OptionalLong parent(long hash) {
        return cached.parent(hash);
    }
}
