package replay.live;

import java.util.ArrayList;
import java.util.List;

/**
 * Text for a prompt that is recorded as block ids: each id becomes as many printable bytes as a block has tokens, so that a
 * byte-level model sees common ids as common tokens. Messages end where an id says so, whatever turn it stands in: prompts
 * with a common beginning of ids have a common beginning of messages.
 *
 * <p>Thread-safety: immutable.
 */
final class PromptText {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .";
    /** One id in so many ends a message, on average. */
    private static final int IDS_PER_MESSAGE = 32;

    private final int blockSizeTokens;
    private final long seed;

    /** Another seed gives another text for the same id, which no cache has seen. */
    PromptText(int blockSizeTokens, long seed) {
        this.blockSizeTokens = blockSizeTokens;
        this.seed = mix(seed);
    }

    /** Message texts of a prompt, in order; speakers alternate, the user first. */
    List<String> messages(long[] ids) {
        List<String> messages = new ArrayList<>();
        StringBuilder current = new StringBuilder();
        for (long id : ids) {
            long state = mix(id ^ seed);
            append(current, state);
            if (Long.remainderUnsigned(mix(state), IDS_PER_MESSAGE) == 0) {
                messages.add(current.toString());
                current.setLength(0);
            }
        }
        if (current.length() > 0 || messages.isEmpty()) {
            messages.add(current.toString());
        }
        return messages;
    }

    private void append(StringBuilder text, long start) {
        long state = start;
        for (int i = 0; i < blockSizeTokens; i++) {
            state = mix(state);
            text.append(ALPHABET.charAt((int) (state >>> 58)));
        }
    }

    /** SplitMix64's step: one to one. */
    private static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
