package kv;

import java.util.ArrayDeque;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.GroupThreads;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Events of full caches: for every turn of 64 blocks that a session stores, another session's worker frees 64 blocks from
 * that session's end; alone, and with lookups beside it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgs = {"-Xms3g", "-Xmx3g", "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2"})
public class IndexEventsBenchmark {

    /** Full caches and the stream of their events, which can go on for ever. */
    @State(Scope.Benchmark)
    public static class Stream {
        @Param({"runs", "map"})
        public String structure = "";

        @Param("1600")
        public int sessions;

        final PrefixIndexBenchmark.Caches caches = new PrefixIndexBenchmark.Caches();
        private final Fleet fleet = new Fleet();
        private final SplittableRandom random = new SplittableRandom(3);
        private final ArrayDeque<Integer> shortened = new ArrayDeque<>();
        private long[][] chains = {};
        private int[] blocks = {};

        @Setup
        public void fill() {
            caches.structure = structure;
            caches.sessions = sessions;
            caches.fill();
            chains = new long[sessions][];
            blocks = new int[sessions];
            for (int session = 0; session < sessions; session++) {
                chains[session] = fleet.chain(session);
                blocks[session] = Fleet.SESSION_BLOCKS;
            }
            for (int i = 0; i < sessions * 20; i++) {
                free();
            }
        }

        void free() {
            int session = random.nextInt(sessions);
            while (blocks[session] < Fleet.SESSION_BLOCKS * 2 / 3) {
                session = random.nextInt(sessions);
            }
            int end = blocks[session];
            blocks[session] = end - Fleet.TURN_BLOCKS;
            shortened.add(session);
            caches.subject.remove(fleet.home(session), Fleet.backwards(chains[session], blocks[session], end));
        }

        void store() {
            int session = shortened.remove();
            int from = blocks[session];
            blocks[session] = from + Fleet.TURN_BLOCKS;
            caches.subject.blocks(fleet.home(session), chains[session], from, blocks[session]);
        }
    }

    /** Nanoseconds per block stored or freed. Several forks, because the layout of a heap favours one or the other. */
    @Benchmark
    @Fork(
            value = 3,
            jvmArgs = {"-Xms3g", "-Xmx3g", "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2"})
    @OperationsPerInvocation(2 * Fleet.TURN_BLOCKS)
    public void evictingStream(Stream stream) {
        stream.free();
        stream.store();
    }

    @Benchmark
    @BenchmarkMode(Mode.SampleTime)
    @Group("lookupsAlone")
    @GroupThreads(1)
    public Object lookup(Stream stream) {
        return stream.caches.subject.match(stream.caches.nextTurn[stream.caches.next()], Fleet.SESSION_BLOCKS);
    }

    @Benchmark
    @BenchmarkMode(Mode.SampleTime)
    @Group("lookupsUnderWriter")
    @GroupThreads(1)
    public Object lookupUnderWriter(Stream stream) {
        return stream.caches.subject.match(stream.caches.nextTurn[stream.caches.next()], Fleet.SESSION_BLOCKS);
    }

    @Benchmark
    @BenchmarkMode(Mode.SampleTime)
    @Group("lookupsUnderWriter")
    @GroupThreads(1)
    public void write(Stream stream) {
        stream.free();
        stream.store();
    }
}
