package workers.simserver;

import inference.TokenLogprob;
import java.util.ArrayList;
import java.util.List;

/**
 * Log probabilities for tokens that nobody drew. They follow from the token and its place in the answer alone, so that engines
 * agree and an answer tells the same streamed, whole and moved: the token said has a probability of 1/2 to 1 and is the
 * likeliest; each alternative, another printable character, has half of what is left by those before it.
 *
 * <p>Thread-safety: stateless.
 */
final class MadeUpLogprobs {
    /** Most alternatives, as in OpenAI's API. */
    static final int MOST = 20;

    private static final int FIRST_PRINTABLE = ' ';
    private static final int PRINTABLE = '~' - ' ' + 1;
    private static final String NO_TEXT = "\ufffd";

    private MadeUpLogprobs() {}

    /**
     * One token's.
     *
     * @param place among the answer's tokens
     * @param token a byte
     * @param alternatives how many of the likeliest to tell, 0 to {@link #MOST}
     */
    static TokenLogprob of(int place, int token, int alternatives) {
        long drawn = mixed(place * 31L + token);
        double probability = 0.5 + (drawn >>> 12) * 0x1p-53;
        TokenLogprob.Alternative chosen = alternative(token, probability);
        List<TokenLogprob.Alternative> likeliest = new ArrayList<>();
        if (alternatives > 0) {
            likeliest.add(chosen);
        }
        double left = 1 - probability;
        int other = (int) Math.floorMod(drawn, (long) PRINTABLE);
        while (likeliest.size() < alternatives) {
            other = (other + 1) % PRINTABLE;
            if (FIRST_PRINTABLE + other != token) {
                left /= 2;
                likeliest.add(alternative(FIRST_PRINTABLE + other, left));
            }
        }
        return new TokenLogprob(chosen, likeliest);
    }

    private static TokenLogprob.Alternative alternative(int token, double probability) {
        String text = token < 0x80 ? Character.toString(token) : NO_TEXT;
        return new TokenLogprob.Alternative(text, StrictMath.log(probability), List.of(token));
    }

    /** SplitMix64's finaliser. */
    private static long mixed(long value) {
        long z = value + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
