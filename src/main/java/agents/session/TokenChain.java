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

    /** This chain followed by more tokens. O(tokens added); copies less than a block of them. */
    TokenChain then(int[] added, BlockHasher hasher) {
        int toFill = Math.min(added.length, blocks.blockSizeTokens() - tail.length);
        int[] first = Arrays.copyOf(tail, tail.length + toFill);
        System.arraycopy(added, 0, first, tail.length, toFill);
        if (first.length < blocks.blockSizeTokens()) {
            return new TokenChain(blocks, first);
        }
        PromptBlocks filled = hasher.extend(blocks, first, 0, first.length);
        PromptBlocks extended = hasher.extend(filled, added, toFill, added.length);
        int hashed = toFill + extended.tokens() - filled.tokens();
        return new TokenChain(extended, Arrays.copyOfRange(added, hashed, added.length));
    }
}
