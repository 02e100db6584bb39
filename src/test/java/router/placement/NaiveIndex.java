package router.placement;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import kv.CacheOwner;
import kv.KvEvent;
import kv.KvTier;
import kv.Overlap;
import kv.PrefixIndex;
import kv.PromptBlocks;

/** A set of blocks per cache and tier: slow and obviously right. */
final class NaiveIndex implements PrefixIndex {
    private final Map<CacheOwner, Map<KvTier, Set<Long>>> held = new HashMap<>();

    @Override
    public Applied apply(CacheOwner owner, KvEvent event) {
        Map<KvTier, Set<Long>> tiers = held.computeIfAbsent(owner, unused -> new HashMap<>());
        if (event instanceof KvEvent.BlocksStored stored) {
            Set<Long> blocks = tiers.computeIfAbsent(stored.tier(), unused -> new LinkedHashSet<>());
            for (long hash : stored.sequenceHashes()) {
                blocks.add(hash);
            }
        } else if (event instanceof KvEvent.BlocksRemoved removed) {
            for (long hash : removed.sequenceHashes()) {
                tiers.getOrDefault(removed.tier(), new LinkedHashSet<>()).remove(hash);
            }
        } else {
            tiers.clear();
        }
        return Applied.CHANGED;
    }

    @Override
    public void remove(CacheOwner owner) {
        held.remove(owner);
    }

    @Override
    public Overlap match(PromptBlocks prompt, int depthHint) {
        return new Overlap() {
            @Override
            public Iterable<CacheOwner> owners() {
                return held.keySet();
            }

            @Override
            public int blocks(CacheOwner owner, KvTier tier) {
                int depth = 0;
                while (depth < prompt.size() && holds(owner, tier, prompt.hashAt(depth))) {
                    depth++;
                }
                return depth;
            }

            @Override
            public int deepest() {
                return held.keySet().stream()
                        .mapToInt(owner -> blocks(owner, KvTier.REMOTE))
                        .max()
                        .orElse(0);
            }
        };
    }

    @Override
    public long distinctBlocks() {
        return held.values().stream()
                .flatMap(tiers -> tiers.values().stream())
                .flatMap(Set::stream)
                .distinct()
                .count();
    }

    private boolean holds(CacheOwner owner, KvTier coldest, long hash) {
        for (KvTier tier : KvTier.values()) {
            Set<Long> blocks = held.getOrDefault(owner, Map.of()).getOrDefault(tier, Set.of());
            if (tier.compareTo(coldest) <= 0 && blocks.contains(hash)) {
                return true;
            }
        }
        return false;
    }
}
