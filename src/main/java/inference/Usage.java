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
public record Usage(int inputTokens, int cachedTokens, int outputTokens, int reasoningTokens) {}
