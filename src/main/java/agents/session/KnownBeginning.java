package agents.session;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a prompt before it is tokenised.
 *
 * <p>Thread-safety: immutable.
 */
public final class KnownBeginning {
    public static final KnownBeginning NOTHING = new KnownBeginning(0, null);

    private final int pieces;
    private final PromptCache.@Nullable Entry entry;

    /** @param entry null when nothing is known */
    KnownBeginning(int pieces, PromptCache.@Nullable Entry entry) {
        this.pieces = pieces;
        this.entry = entry;
    }

    /** How many of its first pieces that is. */
    public int pieces() {
        return pieces;
    }

    TokenChain chain(int blockSizeTokens) {
        return entry == null ? TokenChain.empty(blockSizeTokens) : entry.chain();
    }

    /** Tokens up to the end of each known piece, with room for all of the prompt. */
    int[] ends(int allPieces) {
        return entry == null ? new int[allPieces] : Arrays.copyOf(entry.ends(), allPieces);
    }
}
