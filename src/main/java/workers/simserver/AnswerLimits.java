package workers.simserver;

import java.util.List;

/**
 * What a request says about an answer's length and end.
 *
 * <p>Thread-safety: immutable.
 *
 * @param maxTokens most tokens, end marker included
 * @param minTokens fewest tokens; the answer is padded up to it, and stop strings count only behind it
 * @param ignoreEnd whether the answer goes on to {@code maxTokens} whatever it says
 * @param stop strings that end the answer and are not part of it
 */
record AnswerLimits(int maxTokens, int minTokens, boolean ignoreEnd, List<String> stop) {
    AnswerLimits {
        stop = List.copyOf(stop);
    }

    /** Tokens to pad an answer to, before {@code maxTokens} cuts it. */
    int paddedTokens() {
        return ignoreEnd ? maxTokens + 1 : Math.min(minTokens, maxTokens + 1);
    }
}
