package kv;

import static kv.KvTier.DEVICE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import kv.KvEvent.BlocksRemoved;
import kv.KvEvent.BlocksStored;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Lookups beside a writer that never rests: never less than what an owner held all the time, never more than it ever held.
 *
 * <p>Four prompts share a trunk. One worker holds them whole all the time; one keeps losing and regaining their ends; one
 * keeps restarting, with much cache in every other life and little in those between, under the same slot number; and short
 * prompts come and go by the hundred, so that tables are rebuilt.
 */
class RunPrefixIndexConcurrencyTest {
    private static final int ROUNDS = 20_000;
    private static final int PROMPT = 120;
    private static final int TRUNK = 30;
    private static final int ALWAYS = 50;
    private static final int AT_MOST = 100;
    private static final int LITTLE = 10;
    private static final int MUCH = 90;

    private static final CacheOwner STEADY = owner("steady", 0);
    private static final CacheOwner LOSING = owner("losing", 0);
    private static final CacheOwner PASSING = owner("passing", 0);

    private final RunPrefixIndex index = new RunPrefixIndex(16);
    private final long[][] chains = new long[4][PROMPT];
    private final AtomicBoolean done = new AtomicBoolean();

    @Test
    @Timeout(60)
    void aLookupIsBoundedByWhatWasEverTrue() throws Exception {
        for (int chain = 0; chain < chains.length; chain++) {
            long hash = 0;
            for (int i = 0; i < PROMPT; i++) {
                hash = ChainTree.child(hash, i < TRUNK ? 0 : chain);
                chains[chain][i] = hash;
            }
            index.apply(STEADY, BlocksStored.atRoot(chains[chain], DEVICE));
            index.apply(LOSING, BlocksStored.atRoot(Arrays.copyOf(chains[chain], ALWAYS), DEVICE));
        }
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Future<Long>> readers = new ArrayList<>();
            for (int reader = 0; reader < 2; reader++) {
                Random random = new Random(reader);
                Callable<Long> reading = () -> read(random);
                readers.add(threads.submit(reading));
            }
            threads.submit(this::write).get();
            for (Future<Long> reader : readers) {
                assertTrue(reader.get() > 0, "lookups ran beside the writer");
            }
        } finally {
            done.set(true);
            threads.shutdown();
            assertTrue(threads.awaitTermination(30, TimeUnit.SECONDS));
        }
        Invariants.check(index);
        for (long[] chain : chains) {
            Overlap overlap = index.match(PromptBlocks.of(16, chain), 0);
            assertEquals(PROMPT, overlap.blocks(STEADY, DEVICE));
            assertEquals(ALWAYS, overlap.blocks(LOSING, DEVICE));
        }
    }

    private void write() {
        Random random = new Random(99);
        for (int round = 0; round < ROUNDS; round++) {
            long[] chain = chains[random.nextInt(chains.length)];
            int to = ALWAYS + 1 + random.nextInt(AT_MOST - ALWAYS);
            long[] end = Arrays.copyOfRange(chain, ALWAYS, to);
            index.apply(LOSING, BlocksStored.after(new SequenceHash(chain[ALWAYS - 1]), end, DEVICE));
            long[] passing = random.longs(3).toArray();
            index.apply(PASSING, BlocksStored.atRoot(passing, DEVICE));
            restart(round, chain);
            index.apply(LOSING, new BlocksRemoved(end, DEVICE));
            if (round % 300 == 299) {
                index.remove(PASSING);
            }
        }
        done.set(true);
    }

    private void restart(int round, long[] chain) {
        index.remove(owner("restarting", round - 1));
        index.apply(owner("restarting", round), BlocksStored.atRoot(Arrays.copyOf(chain, held(round)), DEVICE));
    }

    private static int held(long life) {
        return life % 2 == 0 ? LITTLE : MUCH;
    }

    private long read(Random random) {
        long lookups = 0;
        while (!done.get()) {
            long[] chain = chains[random.nextInt(chains.length)];
            Overlap overlap = index.match(PromptBlocks.of(16, chain), random.nextInt(PROMPT));
            assertEquals(PROMPT, overlap.blocks(STEADY, DEVICE));
            assertEquals(PROMPT, overlap.deepest());
            int losing = overlap.blocks(LOSING, DEVICE);
            assertTrue(ALWAYS <= losing && losing <= AT_MOST, () -> "losing has " + losing);
            for (CacheOwner owner : overlap.owners()) {
                int blocks = overlap.blocks(owner, DEVICE);
                if (owner.worker().url().equals("restarting")) {
                    long life = owner.incarnation().low();
                    assertTrue(blocks <= held(life), () -> "life " + life + " has " + blocks);
                }
            }
            lookups++;
        }
        return lookups;
    }

    private static CacheOwner owner(String name, long life) {
        return new CacheOwner(new WorkerId(name), new Incarnation(0, life), 0);
    }
}
