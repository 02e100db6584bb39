package inference;

/**
 * Tokens of one turn, as the engine counted them.
 *
 * <p>Thread-safety: immutable.
 *
 * @param inputTokens whole prompt, cached part included
 * @param cachedTokens part of the prompt that was served from cache
 * @param outputTokens whole answer, reasoning included
 */
public record Usage(int inputTokens, int cachedTokens, int outputTokens, int reasoningTokens) {

    /**
     * Of several answers to one prompt: the prompt counts once, and as cached what every answer found so, which is what was there
     * before the first computed the rest for all.
     */
    public Usage besides(Usage other) {
        return new Usage(
                Math.max(inputTokens, other.inputTokens),
                Math.min(cachedTokens, other.cachedTokens),
                outputTokens + other.outputTokens,
                reasoningTokens + other.reasoningTokens);
    }
}
