package router.queue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import kv.PromptBlocks;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ActivePrefixesTest {
    private static final int SLOTS = 3;

    private record Turn(PromptBlocks prompt, int slot) {}

    @Test
    void sharedBlocksCountOncePerWorker() {
        ActivePrefixes prefixes = new ActivePrefixes();

        assertEquals(4, prefixes.add(PromptBlocks.of(16, 1, 2, 3, 4), 0));
        assertEquals(1, prefixes.add(PromptBlocks.of(16, 1, 2, 30), 0));
        assertEquals(3, prefixes.add(PromptBlocks.of(16, 1, 2, 30), 1));

        int[] shared = new int[SLOTS];
        prefixes.shared(PromptBlocks.of(16, 1, 2, 30, 31), shared);
        assertArrayEquals(new int[] {3, 3, 0}, shared);
        prefixes.shared(PromptBlocks.of(16, 1, 2, 3, 40), shared);
        assertArrayEquals(new int[] {3, 2, 0}, shared);

        assertEquals(2, prefixes.remove(PromptBlocks.of(16, 1, 2, 3, 4), 0));
        assertEquals(3, prefixes.remove(PromptBlocks.of(16, 1, 2, 30), 0));
        assertEquals(3, prefixes.remove(PromptBlocks.of(16, 1, 2, 30), 1));
        assertEquals(0, prefixes.nodes());
    }

    /** Random turns come and go; every count is compared with sets of blocks. */
    @Property(tries = 300)
    void agreesWithSetsOfBlocks(@ForAll long seed) {
        Random random = new Random(seed);
        ActivePrefixes prefixes = new ActivePrefixes();
        List<Turn> turns = new ArrayList<>();
        List<PromptBlocks> known = new ArrayList<>(List.of(PromptBlocks.empty(16)));
        for (int step = 0; step < 120; step++) {
            if (turns.isEmpty() || random.nextInt(5) > 1) {
                Turn turn = new Turn(prompt(random, known), random.nextInt(SLOTS));
                Set<Long> before = blocks(turns, turn.slot());
                assertShared(prefixes, turns, turn.prompt());
                turns.add(turn);
                int added = blocks(turns, turn.slot()).size() - before.size();
                assertEquals(added, prefixes.add(turn.prompt(), turn.slot()));
            } else {
                Turn turn = turns.remove(random.nextInt(turns.size()));
                Set<Long> after = blocks(turns, turn.slot());
                Set<Long> freed = hashes(turn.prompt());
                freed.removeAll(after);
                assertEquals(freed.size(), prefixes.remove(turn.prompt(), turn.slot()));
            }
            assertTrue(prefixes.nodes() <= 2 * turns.size(), "nodes stay below twice the turns");
        }
    }

    private static void assertShared(ActivePrefixes prefixes, List<Turn> turns, PromptBlocks prompt) {
        int[] expected = new int[SLOTS];
        for (int slot = 0; slot < SLOTS; slot++) {
            Set<Long> blocks = blocks(turns, slot);
            while (expected[slot] < prompt.size() && blocks.contains(prompt.hashAt(expected[slot]))) {
                expected[slot]++;
            }
        }
        int[] shared = {-1, -1, -1};
        prefixes.shared(prompt, shared);
        assertArrayEquals(expected, shared);
    }

    /** Extends a prefix of an earlier prompt, so that forks at every depth occur. */
    private static PromptBlocks prompt(Random random, List<PromptBlocks> known) {
        PromptBlocks base = known.get(random.nextInt(known.size()));
        long[] fresh = random.longs(random.nextInt(6)).toArray();
        PromptBlocks prompt = base.prefix(random.nextInt(base.size() + 1)).append(fresh, fresh.length);
        known.add(prompt);
        return prompt;
    }

    private static Set<Long> blocks(List<Turn> turns, int slot) {
        Set<Long> blocks = new HashSet<>();
        turns.stream().filter(turn -> turn.slot() == slot).forEach(turn -> blocks.addAll(hashes(turn.prompt())));
        return blocks;
    }

    private static Set<Long> hashes(PromptBlocks prompt) {
        Set<Long> hashes = new HashSet<>();
        for (long hash : prompt.toArray()) {
            hashes.add(hash);
        }
        return hashes;
    }
}
