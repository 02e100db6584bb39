package agents.session;

import inference.PromptFingerprint;
import java.util.List;

/**
 * A prompt without its text: what a session remembers of it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param model served model: blocks of two models never match
 * @param chain see {@link PromptFingerprint#chain}
 * @param system end of the tool definitions and the leading system messages
 * @param tip end of the last message
 */
public record PromptOutline(
        String model, int blockSizeTokens, List<PromptFingerprint> chain, Checkpoint system, Checkpoint tip) {
    public PromptOutline {
        chain = List.copyOf(chain);
    }
}
