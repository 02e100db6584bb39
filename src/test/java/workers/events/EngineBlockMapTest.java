package workers.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import kv.BlockHasher;
import kv.CacheOwner;
import kv.EngineHash;
import kv.HashSalt;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.PrefixIndex;
import kv.RunPrefixIndex;
import kv.WorkerId;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EngineBlockMapTest {
    private static final int BLOCK = 2;
    private static final List<KvTier> TIERS = List.of(KvTier.DEVICE, KvTier.HOST, KvTier.DISK);
    private final EngineBlockMap map = new EngineBlockMap(BLOCK);
    private final Holdings told = new Holdings();

    @Test
    void givesBlocksTheHashesOfTheirTokens() {
        map.apply(stored(null, new long[] {100, 101}, 1, 2, 3, 4), told);
        map.apply(stored(101L, new long[] {102}, 5, 6), told);

        long[] ours = new BlockHasher(BLOCK, HashSalt.NONE)
                .hash(new int[] {1, 2, 3, 4, 5, 6})
                .toArray();
        assertEquals(Set.of(ours[0], ours[1], ours[2]), told.in(KvTier.DEVICE));
        assertEquals(3, map.blocks(KvTier.DEVICE));
    }

    @Test
    void childrenInheritTheSaltOfTheirPrompt() {
        map.apply(salted(null, "tenant", 100, 1, 2), told);
        map.apply(stored(100L, new long[] {101}, 3, 4), told);

        long[] ours = new BlockHasher(BLOCK, HashSalt.of("tenant"))
                .hash(new int[] {1, 2, 3, 4})
                .toArray();
        assertEquals(Set.of(ours[0], ours[1]), told.in(KvTier.DEVICE));
    }

    @Test
    void aBlockWithOtherKeysSharesNoHashWithPlainTokens() {
        EngineEvent.Stored image = new EngineEvent.Stored(
                new long[] {100, 101}, null, new int[] {1, 2, 3, 4}, KvTier.DEVICE, -1, null, null, List.of("", "img"));
        map.apply(image, told);

        long[] plain = new BlockHasher(BLOCK, HashSalt.NONE)
                .hash(new int[] {1, 2, 3, 4})
                .toArray();
        assertTrue(told.in(KvTier.DEVICE).contains(plain[0]));
        assertTrue(!told.in(KvTier.DEVICE).contains(plain[1]));
        assertEquals(2, told.in(KvTier.DEVICE).size());
    }

    @Test
    void anUnknownParentIsToldAndNeverAttachedToTheRoot() {
        assertEquals(EngineBlockMap.Applied.UNKNOWN_PARENT, map.apply(stored(7L, new long[] {8}, 1, 2), told));
        assertEquals(0, map.blocks(KvTier.DEVICE));
        assertEquals(Set.of(), told.in(KvTier.DEVICE));
    }

    @Test
    void aTierHoldsABlockUntilItsLastCopyGoes() {
        map.apply(stored(null, new long[] {100}, 1, 2), told);
        map.apply(stored(null, new long[] {100}, 1, 2), told);
        map.apply(removed(KvTier.DEVICE, 100), told);
        assertEquals(1, told.in(KvTier.DEVICE).size());

        map.apply(removed(KvTier.DEVICE, 100), told);
        assertEquals(Set.of(), told.in(KvTier.DEVICE));
    }

    @Test
    void aLayerBelowTheEngineMayNameKnownBlocksWithoutTokens() {
        map.apply(stored(null, new long[] {100, 101}, 1, 2, 3, 4), told);
        EngineEvent.Stored offloaded =
                new EngineEvent.Stored(new long[] {101, 999}, null, new int[0], KvTier.HOST, -1, null, null, List.of());

        assertEquals(EngineBlockMap.Applied.APPLIED, map.apply(offloaded, told));
        map.apply(removed(KvTier.DEVICE, 101, 100), told);

        assertEquals(1, told.in(KvTier.HOST).size());
        assertEquals(Set.of(), told.in(KvTier.DEVICE));
        assertSnapshotAgrees();
    }

    @Test
    void contradictoryStoresAreDropped() {
        for (EngineEvent event : List.of(
                stored(null, new long[] {1, 1}, 1, 2, 3, 4),
                stored(1L, new long[] {2, 1}, 1, 2, 3, 4),
                stored(null, new long[] {1}, 1, 2, 3),
                stored(null, new long[] {}, 1, 2))) {
            assertEquals(EngineBlockMap.Applied.IGNORED, map.apply(event, told));
        }
        assertEquals(0, map.blocks(KvTier.DEVICE));
    }

    @Test
    void onlyGroupsThatKeepThePrefixCount() {
        map.apply(grouped(0, "full_attention", 100), told);
        map.apply(grouped(1, "sliding_window", 200), told);
        map.apply(grouped(2, null, 300), told);
        assertEquals(1, map.blocks(KvTier.DEVICE));

        map.apply(new EngineEvent.Removed(new long[] {100}, KvTier.DEVICE, 1), told);
        assertEquals(1, map.blocks(KvTier.DEVICE));

        map.apply(new EngineEvent.Removed(new long[] {100}, KvTier.DEVICE, 0), told);
        assertEquals(0, map.blocks(KvTier.DEVICE));
    }

    @Test
    void aPlaceholderKeepsTheChainAndIsRemovedAtTheEndOfASnapshot() {
        map.apply(stored(null, new long[] {100, 101, 102}, 1, 2, 3, 4, 5, 6), told);
        map.apply(removed(KvTier.DEVICE, 101), told);

        List<KvEvent> snapshot = new ArrayList<>();
        map.snapshot(snapshot::add);

        assertTrue(snapshot.get(snapshot.size() - 1) instanceof KvEvent.BlocksRemoved);
        assertSnapshotAgrees();
        map.apply(stored(100L, new long[] {101}, 3, 4), told);
        assertEquals(3, told.in(KvTier.DEVICE).size());
    }

    @Test
    void clearingForgetsEverything() {
        map.apply(stored(null, new long[] {100}, 1, 2), told);
        map.apply(new EngineEvent.Cleared(), told);

        assertEquals(Set.of(), told.in(KvTier.DEVICE));
        assertEquals(EngineBlockMap.Applied.UNKNOWN_PARENT, map.apply(stored(100L, new long[] {101}, 3, 4), told));
    }

    /** An engine that stores, duplicates, offloads, evicts anywhere and clears, against sets of prefixes. */
    @Property(tries = 200)
    void agreesWithANaiveCache(@ForAll long seed) {
        NaiveCache engine = new NaiveCache(new Random(seed));
        for (int step = 0; step < 150; step++) {
            assertNotEquals(EngineBlockMap.Applied.UNKNOWN_PARENT, map.apply(engine.next(), told));
        }
        for (KvTier tier : KvTier.values()) {
            assertEquals(engine.held(tier), told.in(tier));
            assertEquals(engine.held(tier).size(), map.blocks(tier));
        }
        assertSnapshotAgrees();
        engine.removeAll().forEach(event -> map.apply(event, told));
        List<KvEvent> nothing = new ArrayList<>();
        map.snapshot(nothing::add);
        assertEquals(List.of(), nothing);
    }

    /** Holes, forks and evictions in any order leave no block whose parent the index has not seen. */
    @Property(tries = 40)
    void theIndexUnderstandsEveryChangeAndEverySnapshot(@ForAll long seed) {
        NaiveCache engine = new NaiveCache(new Random(seed));
        EngineBlockMap mirror = new EngineBlockMap(BLOCK);
        IndexedOwner live = new IndexedOwner(new RunPrefixIndex());
        for (int step = 0; step < 150; step++) {
            mirror.apply(engine.next(), live);
        }
        IndexedOwner joined = new IndexedOwner(new RunPrefixIndex());
        mirror.snapshot(joined);
        for (int step = 0; step < 50; step++) {
            mirror.apply(engine.next(), live.andThen(joined));
        }

        for (List<Integer> prefix : engine.prefixes()) {
            for (KvTier tier : TIERS) {
                assertEquals(engine.leading(prefix, tier), live.leading(prefix, tier));
                assertEquals(engine.leading(prefix, tier), joined.leading(prefix, tier));
            }
        }
    }

    private void assertSnapshotAgrees() {
        Holdings fresh = new Holdings();
        map.snapshot(fresh);
        for (KvTier tier : KvTier.values()) {
            assertEquals(told.in(tier), fresh.in(tier));
        }
    }

    private static EngineEvent.Stored stored(@Nullable Long parent, long[] hashes, int... tokens) {
        EngineHash before = parent == null ? null : new EngineHash(parent);
        return new EngineEvent.Stored(hashes, before, tokens, KvTier.DEVICE, -1, null, null, List.of());
    }

    private static EngineEvent.Stored salted(@Nullable Long parent, String salt, long hash, int... tokens) {
        EngineHash before = parent == null ? null : new EngineHash(parent);
        return new EngineEvent.Stored(new long[] {hash}, before, tokens, KvTier.DEVICE, -1, null, salt, List.of());
    }

    private static EngineEvent.Stored grouped(int group, @Nullable String kind, long hash) {
        return new EngineEvent.Stored(
                new long[] {hash}, null, new int[] {1, 2}, KvTier.DEVICE, group, kind, null, List.of());
    }

    private static EngineEvent.Removed removed(KvTier tier, long... hashes) {
        return new EngineEvent.Removed(hashes, tier, -1);
    }

    /** The simplest reader of our events: sets of hashes; refuses a store behind a parent it was never told of. */
    private static final class Holdings implements Consumer<KvEvent> {
        private final Map<KvTier, Set<Long>> tiers = new EnumMap<>(KvTier.class);
        private final Set<Long> mentioned = new HashSet<>();

        Set<Long> in(KvTier tier) {
            return tiers.computeIfAbsent(tier, t -> new HashSet<>());
        }

        @Override
        public void accept(KvEvent event) {
            if (event instanceof KvEvent.BlocksStored stored) {
                assertTrue(stored.root() || mentioned.contains(stored.parent()), "parents come first");
                for (long hash : stored.sequenceHashes()) {
                    mentioned.add(hash);
                    in(stored.tier()).add(hash);
                }
            } else if (event instanceof KvEvent.BlocksRemoved removed) {
                for (long hash : removed.sequenceHashes()) {
                    assertTrue(in(removed.tier()).remove(hash), "only what is held is removed");
                }
            } else {
                tiers.clear();
                mentioned.clear();
            }
        }
    }

    /** One cache's part of a real index; refuses what the index refuses. */
    private record IndexedOwner(PrefixIndex index) implements Consumer<KvEvent> {
        private static final CacheOwner OWNER = new CacheOwner(new WorkerId("http://w"), new Incarnation(0, 1), 0);

        @Override
        public void accept(KvEvent event) {
            assertNotEquals(PrefixIndex.Applied.UNKNOWN_PARENT, index.apply(OWNER, event));
        }

        int leading(List<Integer> prefix, KvTier tier) {
            int[] tokens = prefix.stream().mapToInt(Integer::intValue).toArray();
            return index.match(new BlockHasher(BLOCK, HashSalt.NONE).hash(tokens), 0)
                    .blocks(OWNER, tier);
        }
    }

    /** An engine's cache as plain collections; a prefix's engine hash is drawn at random when first stored. */
    private static final class NaiveCache {
        private final Random random;
        private final Map<List<Integer>, Long> engineHashes = new HashMap<>();
        private final List<Map.Entry<List<Integer>, KvTier>> copies = new ArrayList<>();

        NaiveCache(Random random) {
            this.random = random;
        }

        EngineEvent next() {
            int dice = random.nextInt(100);
            if (dice == 0) {
                copies.clear();
                return new EngineEvent.Cleared();
            }
            return dice < 55 || copies.isEmpty() ? store() : remove(random.nextInt(copies.size()));
        }

        private EngineEvent store() {
            List<Integer> prefix = copies.isEmpty() || random.nextInt(4) == 0
                    ? List.of()
                    : copies.get(random.nextInt(copies.size())).getKey();
            KvTier tier = TIERS.get(random.nextInt(TIERS.size()));
            int blocks = 1 + random.nextInt(3);
            long[] hashes = new long[blocks];
            int[] tokens = new int[blocks * BLOCK];
            EngineHash parent = prefix.isEmpty() ? null : new EngineHash(hash(prefix));
            List<Integer> path = new ArrayList<>(prefix);
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = random.nextInt(2);
                path.add(tokens[i]);
                if (path.size() % BLOCK == 0) {
                    hashes[i / BLOCK] = hash(path);
                    copies.add(Map.entry(List.copyOf(path), tier));
                }
            }
            return new EngineEvent.Stored(hashes, parent, tokens, tier, 0, null, null, List.of());
        }

        private EngineEvent remove(int copy) {
            Map.Entry<List<Integer>, KvTier> gone = copies.remove(copy);
            return removed(gone.getValue(), hash(gone.getKey()));
        }

        List<EngineEvent> removeAll() {
            List<EngineEvent> events = new ArrayList<>();
            while (!copies.isEmpty()) {
                events.add(remove(copies.size() - 1));
            }
            return events;
        }

        Set<Long> held(KvTier tier) {
            BlockHasher hasher = new BlockHasher(BLOCK, HashSalt.NONE);
            Set<Long> held = new HashSet<>();
            copies.stream()
                    .filter(copy -> copy.getValue() == tier)
                    .forEach(copy -> held.add(hasher.hash(copy.getKey().stream()
                                    .mapToInt(Integer::intValue)
                                    .toArray())
                            .tail()
                            .value()));
            return held;
        }

        /** Every prefix that was ever stored. */
        Set<List<Integer>> prefixes() {
            return engineHashes.keySet();
        }

        /** Leading blocks of a prefix that are each held in a tier or a hotter one. */
        int leading(List<Integer> prefix, KvTier tier) {
            int blocks = 0;
            while (blocks * BLOCK < prefix.size() && holds(prefix.subList(0, (blocks + 1) * BLOCK), tier)) {
                blocks++;
            }
            return blocks;
        }

        private boolean holds(List<Integer> prefix, KvTier tier) {
            return copies.stream()
                    .anyMatch(copy ->
                            copy.getKey().equals(prefix) && copy.getValue().compareTo(tier) <= 0);
        }

        private long hash(List<Integer> prefix) {
            return engineHashes.computeIfAbsent(List.copyOf(prefix), path -> random.nextLong());
        }
    }
}
