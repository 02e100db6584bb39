package agents.session;

import java.util.Arrays;
import kv.BlockHasher;
import kv.PromptBlocks;

/**
 * A beginning of a prompt in tokens: the hashes of its full blocks and the tokens after them.
 *
 * <p>Thread-safety: immutable; the array is never written again.
 *
 * @param tail tokens after the last full block, fewer than a block
 */
record TokenChain(PromptBlocks blocks, int[] tail) {

    static TokenChain empty(int blockSizeTokens) {
        return new TokenChain(PromptBlocks.empty(blockSizeTokens), new int[0]);
    }

    int tokens() {
        return blocks.tokens() + tail.length;
    }

    /** This chain followed by more tokens. O(tokens added). */
    TokenChain then(int[] added, BlockHasher hasher) {
        int[] open = Arrays.copyOf(tail, tail.length + added.length);
        System.arraycopy(added, 0, open, tail.length, added.length);
        PromptBlocks extended = hasher.extend(blocks, open, 0, open.length);
        int hashed = extended.tokens() - blocks.tokens();
        return new TokenChain(extended, Arrays.copyOfRange(open, hashed, open.length));
    }
}
