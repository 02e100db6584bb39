package workers.llamacpp;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import workers.openai.OpenAiSettings;

/**
 * How to talk to one llama-server.
 *
 * <p>Thread-safety: immutable.
 *
 * @param http what it shares with every engine behind the OpenAI API
 * @param blockSizeTokens blocks that its slots are counted in: llama.cpp has none of its own
 * @param copies null when nothing is to be copied
 * @param commandTimeout for saving, loading or erasing a slot, waiting for its running request included
 */
public record LlamaCppSettings(
        OpenAiSettings http, int blockSizeTokens, @Nullable CopyStorage copies, Duration commandTimeout) {
    public LlamaCppSettings {
        if (commandTimeout.isNegative() || commandTimeout.isZero()) {
            throw new IllegalArgumentException("a slot command's timeout is above 0, got " + commandTimeout);
        }
    }
}
