package workers.openai;

import java.time.Duration;
import workers.status.EngineFacts;

/**
 * How to talk to OpenAI-compatible engines.
 *
 * <p>Thread-safety: immutable.
 *
 * @param connectTimeout until a connection stands
 * @param streamIdleTimeout longest silence of an answer, its wait for the first token included
 * @param probeTimeout for a whole probe
 * @param priorityAccepted whether the engines take a {@code priority}; vLLM refuses one that its scheduler ignores
 * @param unsaid facts of engines that do not say them; its models are never used
 */
public record OpenAiSettings(
        Duration connectTimeout,
        Duration streamIdleTimeout,
        Duration probeTimeout,
        boolean priorityAccepted,
        EngineFacts unsaid) {
    public OpenAiSettings {
        if (connectTimeout.isNegative() || streamIdleTimeout.isNegative() || probeTimeout.isNegative()) {
            throw new IllegalArgumentException("an engine's timeouts are positive");
        }
    }
}
