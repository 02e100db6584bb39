package kv;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The prefix index as its contract reads: one set of (owner, tier) per block, every question answered by counting. */
final class NaivePrefixIndex implements PrefixIndex {
    private final Map<Long, Map<CacheOwner, Set<KvTier>>> holders = new HashMap<>();
    private final Map<Long, Long> parents = new HashMap<>();

    @Override
    public Applied apply(CacheOwner owner, KvEvent event) {
        if (event instanceof KvEvent.BlocksStored stored) {
            return store(owner, stored);
        }
        boolean changed = event instanceof KvEvent.BlocksRemoved removed
                ? release(owner, removed.sequenceHashes(), EnumSet.of(removed.tier()))
                : releaseAll(owner);
        return changed ? Applied.CHANGED : Applied.UNCHANGED;
    }

    @Override
    public void remove(CacheOwner owner) {
        releaseAll(owner);
    }

    @Override
    public Overlap match(PromptBlocks prompt, int depthHint) {
        Set<CacheOwner> owners =
                prompt.size() == 0 ? Set.of() : holdersOf(prompt.hashAt(0)).keySet();
        return new Overlap() {
            @Override
            public Iterable<CacheOwner> owners() {
                return owners;
            }

            @Override
            public int blocks(CacheOwner owner, KvTier tier) {
                int blocks = 0;
                while (blocks < prompt.size() && holds(prompt.hashAt(blocks), owner, tier)) {
                    blocks++;
                }
                return blocks;
            }

            @Override
            public int deepest() {
                return owners.stream()
                        .mapToInt(owner -> blocks(owner, KvTier.REMOTE))
                        .max()
                        .orElse(0);
            }
        };
    }

    @Override
    public long distinctBlocks() {
        return holders.size();
    }

    /** Blocks that somebody holds or that a held block comes after. */
    Set<Long> knownBlocks() {
        Set<Long> known = new HashSet<>();
        for (Long held : holders.keySet()) {
            for (Long block = held; block != null && known.add(block); block = parents.get(block)) {}
        }
        return known;
    }

    /** What an owner holds in a tier, in a fixed order. */
    List<Long> heldBy(CacheOwner owner, KvTier tier) {
        Set<Long> held = new TreeSet<>();
        holders.forEach((block, of) -> {
            if (of.getOrDefault(owner, Set.of()).contains(tier)) {
                held.add(block);
            }
        });
        return new ArrayList<>(held);
    }

    private Applied store(CacheOwner owner, KvEvent.BlocksStored stored) {
        Set<Long> known = knownBlocks();
        if (!stored.root() && !known.contains(stored.parent()) && !known.contains(stored.sequenceHashes()[0])) {
            return Applied.UNKNOWN_PARENT;
        }
        boolean changed = false;
        Long parent = stored.root() ? null : Long.valueOf(stored.parent());
        for (long hash : stored.sequenceHashes()) {
            parents.put(hash, parent);
            changed |= holders.computeIfAbsent(hash, h -> new HashMap<>())
                    .computeIfAbsent(owner, o -> EnumSet.noneOf(KvTier.class))
                    .add(stored.tier());
            parent = hash;
        }
        return changed ? Applied.CHANGED : Applied.UNCHANGED;
    }

    private boolean releaseAll(CacheOwner owner) {
        long[] all = holders.keySet().stream().mapToLong(Long::longValue).toArray();
        return release(owner, all, EnumSet.allOf(KvTier.class));
    }

    private boolean release(CacheOwner owner, long[] hashes, Set<KvTier> tiers) {
        boolean changed = false;
        for (long hash : hashes) {
            Map<CacheOwner, Set<KvTier>> of = holdersOf(hash);
            Set<KvTier> held = of.getOrDefault(owner, EnumSet.noneOf(KvTier.class));
            changed |= held.removeAll(tiers);
            if (held.isEmpty()) {
                of.remove(owner);
            }
            if (of.isEmpty()) {
                holders.remove(hash);
            }
        }
        return changed;
    }

    private boolean holds(long hash, CacheOwner owner, KvTier coldest) {
        return holdersOf(hash).getOrDefault(owner, Set.of()).stream().anyMatch(tier -> tier.compareTo(coldest) <= 0);
    }

    private Map<CacheOwner, Set<KvTier>> holdersOf(long hash) {
        return holders.getOrDefault(hash, new HashMap<>());
    }
}
