package inference;

/**
 * One prompt as a model's template writes it, cut into pieces whose tokens depend on no other piece: the prompt's tokens are those of its
 * pieces, one after the other. A prompt that begins with the pieces of a known one is tokenised from where they end.
 *
 * <p>Thread-safety: confined to whoever renders the prompt.
 */
public interface PromptText {

    /** How many there are, what makes the model speak included. */
    int pieces();

    /**
     * Fingerprint of the first pieces. Prompts of one model with equal ones have the same pieces.
     *
     * @param count 1 to what {@link #messages} of all messages covers
     */
    PromptFingerprint fingerprint(int count);

    /** Tokens of one piece. Linear in its text. */
    int[] tokens(int piece);

    /** What of this prompt follows from its tool definitions and first messages, whatever comes after them. */
    Part messages(int count);

    /** What of this prompt follows from what stands before a mark. */
    Part upTo(CacheMark mark);

    /**
     * A beginning of a prompt.
     *
     * @param pieces whole ones
     * @param tokens of the piece after them
     */
    record Part(int pieces, int tokens) {}
}
