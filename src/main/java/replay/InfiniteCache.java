package replay;

import java.util.HashSet;
import java.util.Set;
import kv.PromptBlocks;

/** Ceiling of every hit rate: one cache for all turns that never drops a block. */
final class InfiniteCache {
    private InfiniteCache() {}

    /**
     * Share of the input tokens of the compared turns whose blocks another turn had before, in whatever order the turns
     * ran: each block is missed exactly once, and never by a compared turn if one that is not compared had it too.
     *
     * @param served turns that ran under some policy
     * @param compared turns that ran under every policy; the share is NaN when there are none
     */
    static double hitRate(Prompts prompts, int[] inputTokens, boolean[] served, boolean[] compared) {
        Set<Long> seen = new HashSet<>();
        for (int turn = 0; turn < served.length; turn++) {
            if (served[turn] && !compared[turn]) {
                missed(prompts.of(turn), seen);
            }
        }
        long hitTokens = 0;
        long allTokens = 0;
        for (int turn = 0; turn < compared.length; turn++) {
            if (compared[turn]) {
                PromptBlocks prompt = prompts.of(turn);
                allTokens += inputTokens[turn];
                hitTokens += (long) (prompt.size() - missed(prompt, seen)) * prompt.blockSizeTokens();
            }
        }
        return allTokens == 0 ? Double.NaN : (double) hitTokens / allTokens;
    }

    /** Adds a prompt and counts its new blocks: all behind the first new one, because what was seen is whole prompts. */
    private static int missed(PromptBlocks prompt, Set<Long> seen) {
        int missed = 0;
        while (missed < prompt.size() && seen.add(prompt.hashAt(prompt.size() - 1 - missed))) {
            missed++;
        }
        return missed;
    }
}
