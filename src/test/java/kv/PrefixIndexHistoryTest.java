package kv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The index against the naive one, over random histories of events. */
class PrefixIndexHistoryTest {
    private static final int LONGEST = 24;
    private static final List<KvTier> TIERS = List.of(KvTier.values());

    @Property(tries = 150)
    void agreesWithTheNaiveIndexForThreeWorkers(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 30) int runCap,
            @ForAll @IntRange(min = 1, max = 4) int tiers) {
        new History(seed, 3, tiers, runCap).play(120, 1);
    }

    @Property(tries = 15)
    void agreesWithTheNaiveIndexForAFullWordOfWorkers(
            @ForAll long seed, @ForAll @IntRange(min = 2, max = 4) int tiers) {
        new History(seed, 64, tiers, 7).play(300, 10);
    }

    @Property(tries = 15)
    void agreesWithTheNaiveIndexForThreeWordsOfWorkers(
            @ForAll long seed, @ForAll @IntRange(min = 2, max = 4) int tiers) {
        new History(seed, 130, tiers, 4096).play(400, 20);
    }

    /** Both indexes fed the same random events. */
    private static final class History {
        private final RandomGenerator random;
        private final NaivePrefixIndex naive = new NaivePrefixIndex();
        private final RunPrefixIndex index;
        private final ChainTree tree = new ChainTree(3);
        private final CacheOwner[] owners;
        private final int tiers;
        private long incarnations;

        History(long seed, int workers, int tiers, int runCap) {
            this.random = new Random(seed);
            this.index = new RunPrefixIndex(runCap);
            this.tiers = tiers;
            this.owners = new CacheOwner[workers];
            Arrays.setAll(owners, this::newOwner);
        }

        void play(int steps, int stepsPerCheck) {
            for (int step = 0; step < steps; step++) {
                step();
                if (step % stepsPerCheck == 0) {
                    check();
                }
            }
            for (CacheOwner owner : owners) {
                remove(owner);
            }
            Invariants.checkEmpty(index);
        }

        private void step() {
            int worker = random.nextInt(owners.length);
            CacheOwner owner = owners[worker];
            int choice = random.nextInt(100);
            if (choice < 45) {
                store(owner);
            } else if (choice < 65) {
                evictTail(owner);
            } else if (choice < 90) {
                evictAny(owner);
            } else if (choice < 94) {
                apply(owner, new KvEvent.AllBlocksCleared());
            } else if (choice < 97) {
                remove(owner);
            } else {
                remove(owner);
                owners[worker] = newOwner(worker);
            }
        }

        private void store(CacheOwner owner) {
            long[] path = tree.path(random, 1 + random.nextInt(LONGEST));
            int from = random.nextInt(3) == 0 ? random.nextInt(path.length) : 0;
            int to = from + 1 + random.nextInt(path.length - from);
            long[] stored = Arrays.copyOfRange(path, from, to);
            apply(
                    owner,
                    from == 0
                            ? KvEvent.BlocksStored.atRoot(stored, tier())
                            : KvEvent.BlocksStored.after(new SequenceHash(path[from - 1]), stored, tier()));
        }

        /** As an engine frees a finished request: from its end. */
        private void evictTail(CacheOwner owner) {
            KvTier tier = tier();
            long[] path = tree.path(random, 1 + random.nextInt(LONGEST));
            int keep = random.nextInt(path.length);
            long[] removed = new long[path.length - keep];
            for (int i = 0; i < removed.length; i++) {
                removed[i] = path[path.length - 1 - i];
            }
            apply(owner, new KvEvent.BlocksRemoved(removed, tier));
        }

        private void evictAny(CacheOwner owner) {
            KvTier tier = tier();
            List<Long> held = naive.heldBy(owner, tier);
            int count = 1 + random.nextInt(4);
            long[] removed = random.longs(count)
                    .map(r -> held.isEmpty() ? r : held.get((int) Math.floorMod(r, (long) held.size())))
                    .toArray();
            apply(owner, new KvEvent.BlocksRemoved(removed, tier));
        }

        private void apply(CacheOwner owner, KvEvent event) {
            assertEquals(naive.apply(owner, event), index.apply(owner, event), event::toString);
        }

        private void remove(CacheOwner owner) {
            naive.remove(owner);
            index.remove(owner);
        }

        private void check() {
            assertEquals(naive.distinctBlocks(), index.distinctBlocks());
            assertEquals(naive.knownBlocks().size(), index.writer().blocks().size());
            Invariants.check(index);
            for (int i = 0; i < 6; i++) {
                long[] path = tree.path(random, random.nextInt(LONGEST + 8));
                compare(PromptBlocks.of(16, path), random.nextInt(-2, LONGEST + 10));
            }
        }

        private void compare(PromptBlocks prompt, int hint) {
            Overlap expected = naive.match(prompt, hint);
            Overlap actual = index.match(prompt, hint);
            assertEquals(setOf(expected.owners()), setOf(actual.owners()));
            assertEquals(expected.deepest(), actual.deepest());
            for (CacheOwner owner : owners) {
                for (KvTier tier : KvTier.values()) {
                    assertEquals(expected.blocks(owner, tier), actual.blocks(owner, tier), () -> owner + " " + tier);
                }
            }
        }

        private KvTier tier() {
            return TIERS.get(random.nextInt(tiers));
        }

        private CacheOwner newOwner(int worker) {
            return new CacheOwner(new WorkerId("http://w" + worker), new Incarnation(0, incarnations++), worker % 2);
        }

        private static Set<CacheOwner> setOf(Iterable<CacheOwner> owners) {
            Set<CacheOwner> set = new HashSet<>();
            owners.forEach(owner -> assertEquals(true, set.add(owner), "an owner is listed once"));
            return set;
        }
    }
}
