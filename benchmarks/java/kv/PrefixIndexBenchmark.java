package kv;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Lookups of 100,000-token prompts, one at a time, over sessions in random order. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgs = {"-Xms3g", "-Xmx3g", "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2"})
public class PrefixIndexBenchmark {

    /** Caches that hold every session whole, and prompts that continue, rewind or share them. */
    @State(Scope.Benchmark)
    public static class Caches {
        @Param({"runs", "map", "mapJumps"})
        public String structure = "";

        /** Sessions of 6,250 blocks: 200 are 1.2 M distinct blocks, 1600 are 10 M. */
        @Param("1600")
        public int sessions;

        Subject subject = Subject.named("map", new Fleet());
        PromptBlocks[] nextTurn = {};
        PromptBlocks[] rewound = {};
        PromptBlocks[] shared = {};
        private int[] order = {};
        private int asked;

        @Setup
        public void fill() {
            Fleet fleet = new Fleet();
            subject = Subject.named(structure, fleet);
            fleet.play(sessions, subject);
            SplittableRandom random = new SplittableRandom(7);
            order = random.ints(1 << 16, 0, sessions).toArray();
            nextTurn = prompts(session -> prompt(fleet.chain(session), Fleet.SESSION_BLOCKS, random));
            rewound = prompts(session ->
                    prompt(fleet.chain(session), random.nextInt(Fleet.SHARED_BLOCKS, Fleet.SESSION_BLOCKS), random));
            shared = prompts(session -> prompt(fleet.chain(session), Fleet.SHARED_BLOCKS, random));
            expect(nextTurn, Fleet.SESSION_BLOCKS);
            expect(shared, Fleet.SHARED_BLOCKS);
        }

        int next() {
            return order[asked++ & order.length - 1];
        }

        private PromptBlocks[] prompts(java.util.function.IntFunction<PromptBlocks> prompt) {
            PromptBlocks[] prompts = new PromptBlocks[sessions];
            Arrays.setAll(prompts, prompt);
            return prompts;
        }

        /** What a session has known up to {@code depth}, and a turn of new blocks. */
        static PromptBlocks prompt(long[] chain, int depth, SplittableRandom random) {
            long[] fresh = random.longs(Fleet.TURN_BLOCKS).toArray();
            return PromptBlocks.of(16, Arrays.copyOf(chain, depth)).append(fresh, fresh.length);
        }

        private void expect(PromptBlocks[] prompts, int deepest) {
            for (PromptBlocks prompt : prompts) {
                if (subject.deepest(prompt) != deepest) {
                    throw new IllegalStateException(structure + " answers " + subject.deepest(prompt));
                }
            }
        }
    }

    /** Caches of which every session's home holds all of it, and eight others hold it with a dozen holes each. */
    @State(Scope.Benchmark)
    public static class EvictedCaches {
        private static final int OTHERS = 8;
        private static final int HOLES = 12;

        @Param({"runs", "map", "mapJumps"})
        public String structure = "";

        @Param("1600")
        public int sessions;

        final Caches caches = new Caches();

        @Setup
        public void fill() {
            caches.structure = structure;
            caches.sessions = sessions;
            caches.fill();
            Fleet fleet = new Fleet();
            SplittableRandom random = new SplittableRandom(11);
            for (int session = 0; session < sessions; session++) {
                long[] chain = fleet.chain(session);
                for (int other = 1; other <= OTHERS; other++) {
                    int worker = (fleet.home(session) + other) % Fleet.WORKERS;
                    caches.subject.blocks(worker, chain, 0, chain.length);
                    for (int hole = 0; hole < HOLES; hole++) {
                        int at = random.nextInt(Fleet.SHARED_BLOCKS, chain.length);
                        caches.subject.remove(worker, new long[] {chain[at]});
                    }
                }
            }
        }
    }

    /** Several forks: one in several is some times slower. */
    @Benchmark
    @Fork(
            value = 3,
            jvmArgs = {"-Xms3g", "-Xmx3g", "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2"})
    public Object nextTurn(Caches caches) {
        return caches.subject.match(caches.nextTurn[caches.next()], Fleet.SESSION_BLOCKS);
    }

    @Benchmark
    public Object rewind(Caches caches) {
        return caches.subject.match(caches.rewound[caches.next()], Fleet.SESSION_BLOCKS);
    }

    @Benchmark
    public Object sharedPrompt(Caches caches) {
        return caches.subject.match(caches.shared[caches.next()], 0);
    }

    @Benchmark
    public Object evicted(EvictedCaches evicted) {
        Caches caches = evicted.caches;
        return caches.subject.match(caches.nextTurn[caches.next()], Fleet.SESSION_BLOCKS);
    }
}
