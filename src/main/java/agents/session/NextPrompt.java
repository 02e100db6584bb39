package agents.session;

import inference.PromptFingerprint;
import kv.Prefix;

/**
 * What a session's next prompt is expected to begin with: the last prompt and its answer as history writes it, reasoning left
 * out.
 *
 * <p>Thread-safety: immutable.
 *
 * @param conversation fingerprint of that much, under which its text is kept
 * @param prefix its full blocks
 * @param tokens its length
 */
public record NextPrompt(PromptFingerprint conversation, Prefix prefix, int tokens) {}
