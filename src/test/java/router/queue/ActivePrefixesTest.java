package router.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import kv.PromptBlocks;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ActivePrefixesTest {
    private static final int SLOTS = 3;

    private record Turn(PromptBlocks prompt, int slot, boolean computed) {}

    @Test
    void sharedBlocksCountOncePerWorker() {
        ActivePrefixes prefixes = new ActivePrefixes();

        assertEquals(4, prefixes.add(PromptBlocks.of(16, 1, 2, 3, 4), 0));
        assertEquals(1, prefixes.add(PromptBlocks.of(16, 1, 2, 30), 0));
        assertEquals(3, prefixes.add(PromptBlocks.of(16, 1, 2, 30), 1));

        assertEquals(List.of(3, 3, 0), inFlight(prefixes, PromptBlocks.of(16, 1, 2, 30, 31)));
        assertEquals(List.of(3, 2, 0), inFlight(prefixes, PromptBlocks.of(16, 1, 2, 3, 40)));

        assertEquals(2, prefixes.remove(PromptBlocks.of(16, 1, 2, 3, 4), 0, false));
        assertEquals(3, prefixes.remove(PromptBlocks.of(16, 1, 2, 30), 0, false));
        assertEquals(3, prefixes.remove(PromptBlocks.of(16, 1, 2, 30), 1, false));
        assertEquals(0, prefixes.nodes());
    }

    private static List<Integer> inFlight(ActivePrefixes prefixes, PromptBlocks prompt) {
        SharedBlocks found = new SharedBlocks();
        prefixes.shared(prompt, SLOTS, found);
        return IntStream.range(0, SLOTS).map(found::inFlight).boxed().toList();
    }

    /** Random turns come, are computed and go; every count is compared with sets of blocks. */
    @Property(tries = 300)
    void agreesWithSetsOfBlocks(@ForAll long seed) {
        Random random = new Random(seed);
        ActivePrefixes prefixes = new ActivePrefixes();
        SharedBlocks found = new SharedBlocks();
        List<Turn> turns = new ArrayList<>();
        List<PromptBlocks> known = new ArrayList<>(List.of(PromptBlocks.empty(16)));
        for (int step = 0; step < 150; step++) {
            int choice = random.nextInt(7);
            if (turns.isEmpty() || choice > 3) {
                Turn turn = new Turn(prompt(random, known), random.nextInt(SLOTS), false);
                int before = blocks(turns, turn.slot(), any -> true).size();
                assertShared(prefixes, found, turns, turn.prompt());
                turns.add(turn);
                int added = blocks(turns, turn.slot(), any -> true).size() - before;
                assertEquals(added, prefixes.add(turn.prompt(), turn.slot()));
            } else if (choice > 1) {
                Turn turn = turns.remove(random.nextInt(turns.size()));
                if (!turn.computed()) {
                    prefixes.computed(turn.prompt(), turn.slot());
                }
                turns.add(new Turn(turn.prompt(), turn.slot(), true));
            } else {
                Turn turn = turns.remove(random.nextInt(turns.size()));
                Set<Long> freed = hashes(turn.prompt());
                freed.removeAll(blocks(turns, turn.slot(), any -> true));
                assertEquals(freed.size(), prefixes.remove(turn.prompt(), turn.slot(), turn.computed()));
            }
            assertTrue(prefixes.nodes() <= 2 * turns.size(), "nodes stay below twice the turns");
        }
    }

    private static void assertShared(
            ActivePrefixes prefixes, SharedBlocks found, List<Turn> turns, PromptBlocks prompt) {
        prefixes.shared(prompt, SLOTS, found);
        for (int slot = 0; slot < SLOTS; slot++) {
            assertEquals(leading(prompt, blocks(turns, slot, any -> true)), found.inFlight(slot));
            assertEquals(leading(prompt, blocks(turns, slot, Turn::computed)), found.computed(slot));
            assertEquals(leading(prompt, blocks(turns, slot, turn -> !turn.computed())), found.computing(slot));
        }
    }

    private static int leading(PromptBlocks prompt, Set<Long> blocks) {
        int leading = 0;
        while (leading < prompt.size() && blocks.contains(prompt.hashAt(leading))) {
            leading++;
        }
        return leading;
    }

    /** Extends a prefix of an earlier prompt, so that forks at every depth occur. */
    private static PromptBlocks prompt(Random random, List<PromptBlocks> known) {
        PromptBlocks base = known.get(random.nextInt(known.size()));
        long[] fresh = random.longs(random.nextInt(6)).toArray();
        PromptBlocks prompt = base.prefix(random.nextInt(base.size() + 1)).append(fresh, fresh.length);
        known.add(prompt);
        return prompt;
    }

    private static Set<Long> blocks(List<Turn> turns, int slot, Predicate<Turn> which) {
        Set<Long> blocks = new HashSet<>();
        turns.stream()
                .filter(turn -> turn.slot() == slot && which.test(turn))
                .forEach(turn -> blocks.addAll(hashes(turn.prompt())));
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
