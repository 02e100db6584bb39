package inference;

import java.util.List;

/**
 * How likely one token of an answer's text was.
 *
 * <p>Thread-safety: immutable.
 *
 * @param chosen the token that was drawn
 * @param likeliest the likeliest tokens at its place, in falling order: as many as were asked for, or fewer
 */
public record TokenLogprob(Alternative chosen, List<Alternative> likeliest) {
    public TokenLogprob {
        likeliest = List.copyOf(likeliest);
    }

    /**
     * A token that could stand at a place.
     *
     * @param token as the engine spells it, which for a part of a character is not its text
     * @param logprob natural logarithm of its probability
     * @param bytes its UTF-8 bytes, 0 to 255 each
     */
    public record Alternative(String token, double logprob, List<Integer> bytes) {
        public Alternative {
            bytes = List.copyOf(bytes);
        }
    }
}
