package workers.simserver;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the blocks of all tiers hold, so that a block that moves can be told of and sent: its tokens and its prompt's salt.
 *
 * <p>Thread-safety: none; belongs to the engine's thread.
 */
final class BlockContents {
    private final int blockSizeTokens;
    private final Map<Long, Content> contents = new HashMap<>();

    private static final class Content {
        final int[] tokens;
        final @Nullable String salt;
        int tiers;

        Content(int[] tokens, @Nullable String salt) {
            this.tokens = tokens;
            this.salt = salt;
        }
    }

    BlockContents(int blockSizeTokens) {
        this.blockSizeTokens = blockSizeTokens;
    }

    /**
     * Blocks are in one tier more than before.
     *
     * @param tokens of the blocks, from {@code from} on
     */
    void stored(long[] hashes, int[] tokens, int from, @Nullable String salt) {
        for (int i = 0; i < hashes.length; i++) {
            int at = from + i * blockSizeTokens;
            contents.computeIfAbsent(
                            hashes[i], hash -> new Content(Arrays.copyOfRange(tokens, at, at + blockSizeTokens), salt))
                    .tiers++;
        }
    }

    /** Blocks are in one tier less. */
    void removed(long[] hashes) {
        for (long hash : hashes) {
            if (--content(hash).tiers == 0) {
                contents.remove(hash);
            }
        }
    }

    /** Tokens of blocks that are in some tier. */
    int[] tokens(long[] hashes) {
        int[] tokens = new int[hashes.length * blockSizeTokens];
        for (int i = 0; i < hashes.length; i++) {
            System.arraycopy(content(hashes[i]).tokens, 0, tokens, i * blockSizeTokens, blockSizeTokens);
        }
        return tokens;
    }

    /** Salt of the prompts that a block of some tier belongs to. */
    @Nullable
    String salt(long hash) {
        return content(hash).salt;
    }

    private Content content(long hash) {
        return Objects.requireNonNull(contents.get(hash), () -> "block " + hash + " is in no tier");
    }
}
