package agents.session;

import inference.PromptFingerprint;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A prompt without its text: what a session remembers of it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param model served model: blocks of two models never match
 * @param chain see {@link PromptFingerprint#chain}
 * @param system end of the tool definitions and the leading system messages
 * @param tip end of the last message
 * @param reasoning what it replays of its open tool loop's reasoning, null for none
 */
public record PromptOutline(
        String model,
        int blockSizeTokens,
        List<PromptFingerprint> chain,
        Checkpoint system,
        Checkpoint tip,
        @Nullable OpenReasoning reasoning) {
    public PromptOutline {
        chain = List.copyOf(chain);
    }
}
