package inference;

/**
 * Turns text into the token ids of one model.
 *
 * <p>Thread-safety: immutable.
 */
public interface Tokenizer {

    /** Tokens of a text; markup that looks like a control token stays text. */
    int[] encode(String text);
}
