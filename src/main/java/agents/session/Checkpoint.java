package agents.session;

import inference.PromptFingerprint;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/**
 * A beginning of a prompt that a later prompt may continue from: where it ends in messages, tokens and blocks.
 *
 * <p>Thread-safety: immutable.
 *
 * @param messages messages it covers; 0 covers the tool definitions only
 * @param fingerprint of everything it covers
 * @param tokens it covers
 * @param blocks full blocks among those tokens
 * @param tail sequence hash of the last full block, null when there is none
 */
public record Checkpoint(
        int messages, PromptFingerprint fingerprint, int tokens, int blocks, @Nullable SequenceHash tail) {}
