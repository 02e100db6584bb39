package workers.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import kv.KvTier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random uses, holds and evictions of a pool of blocks, against a pool without lists. */
class BlockPoolHoldsTest {

    @Property(tries = 3000)
    void evictsWhatNobodyHoldsFirstAndThenTheWeakestHoldFromItsLeaf(@ForAll long seed) {
        History history = new History(new Random(seed));
        for (int i = 0; i < 80; i++) {
            history.step();
            history.compare();
        }
    }

    /** One chain of blocks per prefix: hash = 1000 · parent's hash + branch, so a hash tells its whole prefix. */
    private static long[] chain(Random random) {
        long[] chain = new long[1 + random.nextInt(5)];
        long hash = 0;
        for (int i = 0; i < chain.length; i++) {
            hash = 1000 * hash + 1 + random.nextInt(i == 0 ? 2 : 3) / 2;
            chain[i] = hash;
        }
        return chain;
    }

    private static boolean covers(SimHold hold, int depth, long hash) {
        for (int i = 0; i < depth; i++) {
            if (hold.chain()[i] == hash) {
                return true;
            }
        }
        return false;
    }

    /** A cached or used block. */
    private static final class Block {
        int references;
        /** When it last became unused or went to another hold. */
        long stamp;

        Optional<String> owner = Optional.empty();
    }

    private static final class Kept {
        final SimHold hold;
        int depth;

        Kept(SimHold hold, int depth) {
            this.hold = hold;
            this.depth = depth;
        }
    }

    private static final class History {
        private final Random random;
        private final int capacity;
        private final BlockPool pool;
        private final Set<Long> expected = new HashSet<>();
        private final Map<Long, Block> blocks = new HashMap<>();
        private final Map<String, Kept> holds = new HashMap<>();
        /** Chains in use and the pool's numbers of their blocks. */
        private final List<Map.Entry<long[], int[]>> users = new ArrayList<>();

        private long stamp;

        History(Random random) {
            this.random = random;
            this.capacity = 6 + random.nextInt(10);
            this.pool = new BlockPool(capacity, (block, hash) -> {});
        }

        void step() {
            switch (random.nextInt(6)) {
                case 0, 1 -> use(chain(random));
                case 2 -> {
                    if (!users.isEmpty()) {
                        endUse(random.nextInt(users.size()));
                    }
                }
                case 3 -> release("h" + random.nextInt(5));
                default -> hold();
            }
        }

        /** What a scheduler does with a prompt: shares what is cached, takes the rest, publishes it. */
        private void use(long[] chain) {
            int[] numbers = new int[chain.length];
            int matched = pool.match(chain, chain.length, numbers);
            if (chain.length - matched + pool.unused(numbers, matched) > pool.available()) {
                return;
            }
            pool.share(numbers, matched);
            for (int i = 0; i < matched; i++) {
                block(chain[i]).references++;
            }
            for (int i = matched; i < chain.length; i++) {
                if (blocks.size() + (i - matched) == capacity) {
                    evict();
                }
                numbers[i] = pool.take();
            }
            for (int i = matched; i < chain.length; i++) {
                numbers[i] = pool.publish(numbers[i], chain[i], i == 0 ? BlockPool.NO_PARENT : numbers[i - 1]);
                Block fresh = new Block();
                fresh.references = 1;
                blocks.put(chain[i], fresh);
            }
            users.add(Map.entry(chain, numbers));
        }

        private void endUse(int user) {
            Map.Entry<long[], int[]> ended = users.remove(user);
            pool.release(ended.getValue(), ended.getValue().length);
            for (int i = ended.getKey().length - 1; i >= 0; i--) {
                Block block = block(ended.getKey()[i]);
                if (--block.references == 0) {
                    block.stamp = ++stamp;
                }
            }
        }

        private void hold() {
            String id = "h" + random.nextInt(5);
            SimHold asked = new SimHold(id, chain(random), KvTier.DEVICE, random.nextInt(3), Double.POSITIVE_INFINITY);
            holds.remove(id);
            own();
            int depth = 0;
            while (depth < asked.chain().length && blocks.containsKey(asked.chain()[depth])) {
                depth++;
            }
            assertEquals(depth, pool.holds().hold(asked));
            if (depth > 0) {
                holds.put(id, new Kept(asked, depth));
            }
            own();
        }

        private void release(String id) {
            assertEquals(holds.remove(id) != null, pool.holds().release(id));
            own();
        }

        /** Finds every block's owner anew; those that change hands become the newest of their new owner, leaves first. */
        private void own() {
            blocks.keySet().stream().sorted(Comparator.reverseOrder()).forEach(hash -> {
                Optional<String> owner = owner(hash);
                Block block = block(hash);
                if (!owner.equals(block.owner)) {
                    block.owner = owner;
                    block.stamp = ++stamp;
                }
            });
        }

        private Optional<String> owner(long hash) {
            return holds.values().stream()
                    .filter(kept -> covers(kept.hold, kept.depth, hash))
                    .max(Comparator.<Kept>comparingDouble(kept -> kept.hold.density())
                            .thenComparing(kept -> kept.hold.id()))
                    .map(kept -> kept.hold.id());
        }

        private void evict() {
            long victim = blocks.entrySet().stream()
                    .filter(entry -> entry.getValue().references == 0)
                    .min(Comparator.<Map.Entry<Long, Block>>comparingDouble(entry -> density(entry.getValue()))
                            .thenComparing(entry -> entry.getValue().owner.orElse(""))
                            .thenComparingLong(entry -> entry.getValue().stamp))
                    .orElseThrow()
                    .getKey();
            blocks.remove(victim);
            holds.values().forEach(kept -> {
                if (covers(kept.hold, kept.depth, victim)) {
                    kept.depth--;
                    assertEquals(victim, kept.hold.chain()[kept.depth], "the deepest goes first");
                }
            });
        }

        private double density(Block block) {
            return block.owner
                    .map(id -> Objects.requireNonNull(holds.get(id)).hold.density())
                    .orElse(-1.0);
        }

        private Block block(long hash) {
            return Objects.requireNonNull(blocks.get(hash));
        }

        void compare() {
            expected.addAll(blocks.keySet());
            for (long hash : expected) {
                assertEquals(blocks.containsKey(hash), pool.holds(hash), () -> "block " + hash);
            }
            int used = (int) blocks.values().stream()
                    .filter(block -> block.references > 0)
                    .count();
            assertEquals(used, pool.used());
            assertEquals(blocks.size() - used, pool.cached());
            int held = 0;
            for (Map.Entry<Long, Block> entry : blocks.entrySet()) {
                int covers = (int) holds.values().stream()
                        .filter(kept -> covers(kept.hold, kept.depth, entry.getKey()))
                        .count();
                assertEquals(covers, pool.holds().covers(pool.block(entry.getKey())));
                held += covers > 0 ? 1 : 0;
                assertTrue(entry.getKey() < 1000 || blocks.containsKey(entry.getKey() / 1000), "no orphan");
            }
            assertEquals(held, pool.holds().blocks());
        }
    }
}
