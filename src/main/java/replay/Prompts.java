package replay;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kv.PromptBlocks;
import replay.trace.Trace;
import replay.trace.TracedTurn;

/**
 * Prompts of a trace as blocks of the replay's size. Ids of the trace become hashes by a one-to-one mix, so that tables
 * see them spread; prompts of one lineage share storage.
 *
 * <p>Thread-safety: immutable.
 */
final class Prompts {
    private final List<PromptBlocks> byTurn;
    private final Chains chains;

    private record Lineage(int session, int lineage) {}

    /** @throws IllegalArgumentException if the block size does not divide the trace's */
    Prompts(Trace trace, int blockSizeTokens) {
        if (trace.blockSizeTokens() % blockSizeTokens != 0) {
            throw new IllegalArgumentException("block size " + blockSizeTokens + " does not divide the trace's "
                    + trace.blockSizeTokens() + ": what part of a block two prompts share is not recorded");
        }
        int parts = trace.blockSizeTokens() / blockSizeTokens;
        byTurn = new ArrayList<>(trace.turns().size());
        Map<Lineage, PromptBlocks> latest = new HashMap<>();
        PromptBlocks none = PromptBlocks.empty(blockSizeTokens);
        for (TracedTurn turn : trace.turns()) {
            long[] hashes = turn.blocks().expand(parts, turn.inputTokens() / blockSizeTokens);
            for (int i = 0; i < hashes.length; i++) {
                hashes[i] = mix(hashes[i]);
            }
            Lineage lineage = new Lineage(turn.session(), turn.lineage());
            PromptBlocks prompt = extend(latest.getOrDefault(lineage, none), hashes);
            latest.put(lineage, prompt);
            byTurn.add(prompt);
        }
        chains = new Chains(byTurn);
    }

    Chains chains() {
        return chains;
    }

    PromptBlocks of(int turn) {
        return byTurn.get(turn);
    }

    private static PromptBlocks extend(PromptBlocks previous, long[] hashes) {
        int common = Math.min(previous.size(), hashes.length);
        while (common > 0 && previous.hashAt(common - 1) != hashes[common - 1]) {
            common--;
        }
        long[] rest = Arrays.copyOfRange(hashes, common, hashes.length);
        return previous.prefix(common).append(rest, rest.length);
    }

    /** SplitMix64's finaliser: one to one. */
    private static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
