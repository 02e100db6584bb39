package kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;

/** Checks the invariants that {@link RunPrefixIndex} names. */
final class Invariants {
    private Invariants() {}

    static void check(RunPrefixIndex index) {
        Runs runs = index.writer().runs();
        Map<Run, Integer> lastChild = lastChildren(runs);
        long blocks = 0;
        long held = 0;
        for (int id = Runs.FIRST_ID; id < runs.endId(); id++) {
            Run run = runs.get(id);
            if (run == null) {
                continue;
            }
            for (int offset = 0; offset < run.length(); offset++) {
                assertEquals(
                        BlockMap.location(id, offset), index.writer().blocks().find(run.hashAt(offset)), "I1");
            }
            assertSame(run.version(), index.heads().find(run.hashAt(0)), "I2");
            assertEquals(lastChild.getOrDefault(run, -1) + 1, run.leastLength(), "fork points");
            Segments segments = run.version().segments;
            boolean lastIsHeld = !segments.isEmpty(segments.count() - 1);
            assertTrue(lastIsHeld || run.leastLength() == run.length(), "I3");
            blocks += run.length();
            held += checkSegments(index, run.length(), segments);
        }
        assertEquals(blocks, index.writer().blocks().size(), "I1");
        assertEquals(held, index.distinctBlocks(), "I6");
    }

    private static Map<Run, Integer> lastChildren(Runs runs) {
        Map<Run, Integer> last = new HashMap<>();
        for (int id = Runs.FIRST_ID; id < runs.endId(); id++) {
            Run run = runs.get(id);
            if (run != null && run.parent != null) {
                assertSame(run.parent, runs.get(run.parent.id), "a run's parent is there");
                last.merge(run.parent, run.parentOffset, Math::max);
            }
        }
        return last;
    }

    private static long checkSegments(RunPrefixIndex index, int length, Segments segments) {
        long held = 0;
        assertEquals(0, segments.start(0), "I4");
        for (int segment = 0; segment < segments.count(); segment++) {
            boolean last = segment + 1 == segments.count();
            int end = last ? length : segments.start(segment + 1);
            assertTrue(segments.start(segment) < end, "I4");
            assertTrue(last || !sameHolders(segments, segment, segment + 1), "I4: neighbours differ");
            held += segments.isEmpty(segment) ? 0 : end - segments.start(segment);
            for (int word = 0; word < segments.words().length; word++) {
                long holders = segments.holdersUpTo(segment, word, segments.tiers() - 1);
                for (long rest = holders; rest != 0; rest &= rest - 1) {
                    int number = segments.words()[word] * Long.SIZE + Long.numberOfTrailingZeros(rest);
                    assertNotNull(index.owners().at(number), "I5: a bit belongs to an owner");
                }
            }
        }
        return held;
    }

    private static boolean sameHolders(Segments segments, int a, int b) {
        boolean same = true;
        for (int word = 0; word < segments.words().length; word++) {
            for (int tier = 0; tier < segments.tiers(); tier++) {
                same &= segments.holdersIn(a, word, tier) == segments.holdersIn(b, word, tier);
            }
        }
        return same;
    }

    /** After every owner is gone. */
    static void checkEmpty(RunPrefixIndex index) {
        check(index);
        assertEquals(0, index.writer().blocks().size());
        Runs runs = index.writer().runs();
        for (int id = Runs.FIRST_ID; id < runs.endId(); id++) {
            assertFalse(runs.get(id) != null, "no run is left");
        }
    }
}
