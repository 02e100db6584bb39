package kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BlockMapTest {
    /** Undoes the map's mixing, so that tests choose where hashes fall. */
    private static final long UNMIX = BigInteger.valueOf(0x9E3779B97F4A7C15L)
            .modInverse(BigInteger.ONE.shiftLeft(Long.SIZE))
            .longValue();

    private final Runs runs = new Runs();
    private final BlockMap map = new BlockMap(runs);

    @Test
    void hashesThatDifferOnlyBelowTheTagAreKeptApart() {
        long[] alike = {UNMIX << 3, 2 * UNMIX, 3 * UNMIX};
        long[] locations = new long[alike.length];
        for (int i = 0; i < alike.length; i++) {
            locations[i] = place(alike[i]);
            assertEquals(BlockMap.ABSENT, map.find(alike[i]));
            assertTrue(map.add(alike[i], locations[i]));
        }

        map.remove(alike[0], locations[0]);

        assertEquals(BlockMap.ABSENT, map.find(alike[0]));
        assertEquals(locations[1], map.find(alike[1]));
        assertEquals(locations[2], map.find(alike[2]));
    }

    @Test
    void aBlockIsAddedOnce() {
        assertTrue(map.add(7, place(7)));
        assertFalse(map.add(7, place(7)));
        assertEquals(1, map.size());
    }

    /** Crowds all hashes into few homes of one stripe: at its start, its middle or its end. */
    @Property(tries = 200)
    void agreesWithAnOrdinaryMapHoweverHashesCluster(
            @ForAll long seed, @ForAll @IntRange(max = 2) int region, @ForAll @IntRange(min = 0, max = 26) int spread) {
        // Tries of one property share an instance, so this one needs a map of its own.
        new BlockMapTest().play(new Random(seed), region, spread);
    }

    private void play(Random random, int region, int spread) {
        Map<Long, Long> expected = new HashMap<>();
        List<Long> present = new ArrayList<>();
        for (int step = 0; step < 400; step++) {
            if (present.isEmpty() || random.nextInt(step < 200 ? 4 : 2) > 0) {
                long hash = clustered(random, region, spread);
                long location = place(hash);
                boolean added = expected.putIfAbsent(hash, location) == null;
                assertEquals(added, map.add(hash, location));
                if (added) {
                    present.add(hash);
                }
            } else {
                long hash = present.remove(random.nextInt(present.size()));
                map.remove(hash, expected.remove(hash));
                assertEquals(BlockMap.ABSENT, map.find(hash));
            }
        }
        expected.forEach((hash, location) -> assertEquals(location, map.find(hash)));
        assertEquals(expected.size(), map.size());
    }

    private static long clustered(Random random, int region, int spreadBits) {
        long stripe = 5L << 56;
        long tags = (1L << 26) - 1;
        long base = region == 0 ? 0 : region == 1 ? tags / 2 : tags;
        long offset = random.nextLong() >>> (63 - spreadBits) >>> 1;
        long tag = region == 2 ? base - offset : base + offset;
        long low = random.nextInt(40);
        return (stripe | (tag & tags) << 30 | low) * UNMIX;
    }

    /** Puts a block into a run of its own, as the map reads hashes there. */
    private long place(long hash) {
        Run run = new Run(runs.nextId(), null, 0, new RunVersion(new long[] {hash}, 1, Segments.of(0, 0)));
        runs.add(run);
        return BlockMap.location(run.id, 0);
    }
}
