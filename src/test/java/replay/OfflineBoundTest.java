package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import replay.trace.BlockRuns;
import replay.trace.Trace;
import replay.trace.TracedTurn;

class OfflineBoundTest {
    private static final int SIZE = 4;

    /** Prompts as block ids; ids of equal prefixes are equal, those of others differ. */
    private static Trace trace(List<long[]> prompts) {
        List<TracedTurn> turns = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (long[] prompt : prompts) {
            int[] ones = new int[prompt.length];
            Arrays.fill(ones, 1);
            names.add("s" + names.size());
            turns.add(new TracedTurn(
                    names.size() - 1,
                    0,
                    new BlockRuns(prompt, ones),
                    prompt.length * SIZE + 1,
                    1,
                    false,
                    new int[0],
                    0,
                    0,
                    0));
        }
        return new Trace("tiny", "synthetic", SIZE, false, names, turns, 0);
    }

    private static long bound(List<long[]> prompts, int[][] spans, int capacity) {
        Trace trace = trace(prompts);
        TurnRecords records = new TurnRecords(prompts.size());
        for (int i = 0; i < spans.length; i++) {
            records.arrived(i, trace.turns().get(i).inputTokens(), 1, spans[i][0]);
            records.firstToken(i, spans[i][0]);
            records.finished(i, spans[i][1]);
        }
        return Arrays.stream(OfflineBound.hitTokens(new Prompts(trace, SIZE), records, capacity))
                        .sum()
                / SIZE;
    }

    @Test
    void keepsWhatIsUsedSoonestAndLetsTheEndOfAPromptGoFirst() {
        List<long[]> prompts = List.of(new long[] {1, 2}, new long[] {5}, new long[] {1, 2});
        int[][] spans = {{0, 1}, {2, 3}, {4, 5}};
        assertEquals(2, bound(prompts, spans, 3));
        assertEquals(1, bound(prompts, spans, 2));
        assertEquals(0, bound(prompts, spans, 1));
    }

    @Test
    void whatRunsIsNotEvicted() {
        List<long[]> prompts = List.of(new long[] {1}, new long[] {5}, new long[] {1});
        assertEquals(0, bound(prompts, new int[][] {{0, 1}, {2, 9}, {4, 5}}, 1));
        assertEquals(1, bound(prompts, new int[][] {{0, 8}, {2, 9}, {4, 5}}, 1));
    }

    @Property(tries = 150)
    void isTheBestThatAnyChoiceOfWhatToKeepComesTo(@ForAll @IntRange(min = 1, max = 1_000_000) int seed) {
        Random random = new Random(seed);
        long[][] chains = {{1, 2, 3}, {1, 2, 4}, {1, 5}, {6, 7}};
        List<long[]> prompts = new ArrayList<>();
        int count = 2 + random.nextInt(5);
        int[][] spans = new int[count][];
        for (int i = 0; i < count; i++) {
            long[] chain = chains[random.nextInt(chains.length)];
            prompts.add(Arrays.copyOf(chain, 1 + random.nextInt(chain.length)));
            spans[i] = new int[] {2 * i, 2 * i + 1 + 2 * random.nextInt(3)};
        }
        int capacity = 3 + random.nextInt(4);
        if (fits(prompts, spans, capacity)) {
            assertEquals(new Exhaustive(prompts, spans, capacity).best(0, 0), bound(prompts, spans, capacity));
        }
    }

    private static boolean fits(List<long[]> prompts, int[][] spans, int capacity) {
        for (int time = 0; time < 2 * spans.length; time += 2) {
            if (Integer.bitCount(running(prompts, spans, time)) > capacity) {
                return false;
            }
        }
        return true;
    }

    private static int running(List<long[]> prompts, int[][] spans, int time) {
        int blocks = 0;
        for (int i = 0; i < spans.length; i++) {
            if (spans[i][0] <= time && time < spans[i][1]) {
                blocks |= bits(prompts.get(i));
            }
        }
        return blocks;
    }

    private static int bits(long[] prompt) {
        int blocks = 0;
        for (long block : prompt) {
            blocks |= 1 << block;
        }
        return blocks;
    }

    /** Tries every set of blocks to keep after every turn's begin. */
    private record Exhaustive(List<long[]> prompts, int[][] spans, int capacity, Map<Integer, Integer> known) {
        Exhaustive(List<long[]> prompts, int[][] spans, int capacity) {
            this(prompts, spans, capacity, new HashMap<>());
        }

        int best(int turn, int resident) {
            if (turn == spans.length) {
                return 0;
            }
            Integer before = known.get(turn << 8 | resident);
            if (before != null) {
                return before;
            }
            long[] prompt = prompts.get(turn);
            int hit = 0;
            while (hit < prompt.length && (resident & 1 << prompt[hit]) != 0) {
                hit++;
            }
            int needed = running(prompts, spans, spans[turn][0]);
            int all = resident | needed;
            int best = 0;
            for (int kept = all; kept > 0; kept = kept - 1 & all) {
                if ((kept & needed) == needed && Integer.bitCount(kept) <= capacity) {
                    best = Math.max(best, best(turn + 1, kept));
                }
            }
            assertTrue(needed != 0);
            known.put(turn << 8 | resident, hit + best);
            return hit + best;
        }
    }
}
