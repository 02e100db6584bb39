package agents.session;

import kv.PromptBlocks;

/**
 * A whole prompt as an engine will see it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param blocks full blocks of the prompt, reply opening included
 * @param inputTokens tokens of the prompt, reply opening included
 * @param computedTokens how many of them had to be tokenised for this, the rest was known
 */
public record RenderedPrompt(PromptOutline outline, PromptBlocks blocks, int inputTokens, int computedTokens) {}
