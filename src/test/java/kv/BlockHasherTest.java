package kv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class BlockHasherTest {

    @Test
    void agreesWithThePublishedVectorsOfTheRoutersHash() {
        BlockHasher hasher = new BlockHasher(4, HashSalt.NONE);
        int[] tokens = {1, 2, 3, 4, 5, 6, 300, 70000};

        assertEquals(
                Long.parseUnsignedLong("14643705804678351452"),
                hasher.blockHash(tokens, 0).value());
        assertEquals(
                Long.parseUnsignedLong("9146489215955355044"),
                hasher.blockHash(tokens, 4).value());
        assertArrayEquals(
                new long[] {
                    Long.parseUnsignedLong("14643705804678351452"), Long.parseUnsignedLong("13069655593127823571")
                },
                hasher.hash(tokens).toArray());
    }

    @Property
    void extendingAPrefixGivesTheHashesOfTheWhole(
            @ForAll @Size(min = 1, max = 200) int[] tokens,
            @ForAll @IntRange(min = 1, max = 17) int blockSize,
            @ForAll @IntRange(min = 0, max = 200) int cut) {
        BlockHasher hasher = new BlockHasher(blockSize, HashSalt.of("tenant"));
        int known = Math.min(cut, tokens.length) / blockSize * blockSize;

        PromptBlocks prefix = hasher.hash(Arrays.copyOf(tokens, known));
        PromptBlocks extended = hasher.extend(prefix, tokens, known, tokens.length);

        assertArrayEquals(hasher.hash(tokens).toArray(), extended.toArray());
    }

    @Property
    void aForkOfAChainLeavesTheLongerChainAlone(
            @ForAll @Size(min = 2, max = 50) long[] hashes, @ForAll @IntRange(min = 0, max = 49) int at) {
        PromptBlocks whole = PromptBlocks.of(16, hashes);
        int cut = at % hashes.length;

        PromptBlocks fork = whole.prefix(cut).append(new long[] {42}, 1);

        assertArrayEquals(hashes, whole.toArray());
        assertEquals(42, fork.hashAt(cut));
        assertEquals(cut + 1, fork.size());
    }

    @Test
    void saltsKeepTenantsApart() {
        int[] tokens = {1, 2, 3, 4};
        assertNotEquals(
                new BlockHasher(4, HashSalt.of("a")).hash(tokens), new BlockHasher(4, HashSalt.of("b")).hash(tokens));
    }
}
