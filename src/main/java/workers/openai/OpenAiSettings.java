package workers.openai;

import inference.InferenceRequest;
import java.time.Duration;
import workers.status.EngineFacts;

/**
 * How to talk to OpenAI-compatible engines.
 *
 * <p>Thread-safety: immutable.
 *
 * @param connectTimeout until a connection stands
 * @param keepConnections how long a connection waits for a next request; zero for one connection per request
 * @param streamIdleTimeout longest silence of an answer, its wait for the first token included
 * @param probeTimeout for a whole probe
 * @param priority how the engines understand a {@code priority}
 * @param resumes which answers the engines go on with that another one began
 * @param seeds whether requests without a seed are sent with one, so that their answers can be drawn again
 * @param unsaid facts of engines that do not say them; its models are never used
 */
public record OpenAiSettings(
        Duration connectTimeout,
        Duration keepConnections,
        Duration streamIdleTimeout,
        Duration probeTimeout,
        EnginePriority priority,
        ResumedAnswers resumes,
        boolean seeds,
        EngineFacts unsaid) {
    public OpenAiSettings {
        if (connectTimeout.isNegative()
                || keepConnections.isNegative()
                || streamIdleTimeout.isNegative()
                || probeTimeout.isNegative()) {
            throw new IllegalArgumentException("an engine's timeouts are positive");
        }
    }

    /** The same for an engine that understands a {@code priority} in its own way. */
    public OpenAiSettings understanding(EnginePriority otherwise) {
        return new OpenAiSettings(
                connectTimeout, keepConnections, streamIdleTimeout, probeTimeout, otherwise, resumes, seeds, unsaid);
    }

    /** The same for an engine that goes on with other answers. */
    public OpenAiSettings resuming(ResumedAnswers otherwise) {
        return new OpenAiSettings(
                connectTimeout, keepConnections, streamIdleTimeout, probeTimeout, priority, otherwise, seeds, unsaid);
    }

    /** The same for an engine that is sent seeds where another is not, or the other way round. */
    public OpenAiSettings seeding(boolean otherwise) {
        return new OpenAiSettings(
                connectTimeout, keepConnections, streamIdleTimeout, probeTimeout, priority, resumes, otherwise, unsaid);
    }

    /** A request as the engine gets it. */
    public InferenceRequest sent(InferenceRequest request) {
        return seeds ? request.seeded() : request;
    }

    /** The same for an engine of which something else is assumed. */
    public OpenAiSettings assuming(EngineFacts otherwise) {
        return new OpenAiSettings(
                connectTimeout, keepConnections, streamIdleTimeout, probeTimeout, priority, resumes, seeds, otherwise);
    }

    /** The same for engines that are better asked over a new connection each time. */
    public OpenAiSettings withoutKeeping() {
        return new OpenAiSettings(
                connectTimeout, Duration.ZERO, streamIdleTimeout, probeTimeout, priority, resumes, seeds, unsaid);
    }
}
