package kv;

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

/** Hashing of prompts: the new part of a known session's turn, and a whole prompt. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgs = {"-Xms1g", "-Xmx1g", "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2"})
public class BlockHasherBenchmark {
    private static final int PROMPT_TOKENS = 100_000;
    private static final int NEW_BLOCKS = 64;

    @Param({"16", "64"})
    public int blockSizeTokens;

    private BlockHasher hasher = new BlockHasher(1, HashSalt.NONE);
    /** A session that grows turn by turn to the size of the whole prompt, and starts again. */
    private PromptBlocks known = PromptBlocks.empty(1);

    private int[] tokens = {};

    @Setup
    public void fill() {
        hasher = new BlockHasher(blockSizeTokens, HashSalt.of("tenant"));
        tokens = new SplittableRandom(1).ints(PROMPT_TOKENS, 0, 200_000).toArray();
        known = hasher.extend(PromptBlocks.empty(blockSizeTokens), tokens, 0, NEW_BLOCKS * blockSizeTokens);
    }

    @Benchmark
    public PromptBlocks newSuffixOf64Blocks() {
        PromptBlocks prefix = known.tokens() < PROMPT_TOKENS ? known : known.prefix(NEW_BLOCKS);
        known = hasher.extend(prefix, tokens, 0, NEW_BLOCKS * blockSizeTokens);
        return known;
    }

    @Benchmark
    public PromptBlocks wholePromptOf100kTokens() {
        return hasher.hash(tokens);
    }
}
