package workers;

import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * Where one engine is reached.
 *
 * <p>Thread-safety: immutable.
 *
 * @param events ZeroMQ address at which the engine publishes its KV events, such as {@code tcp://127.0.0.1:5557}; null for
 *     an engine that publishes none: its cache is then unknown
 * @param replay ZeroMQ address at which it repeats them, null when it does not
 * @param ranks data-parallel ranks, at least 1; rank r publishes and repeats at the given ports plus r
 */
public record EngineEndpoint(WorkerId worker, @Nullable String events, @Nullable String replay, int ranks) {
    public EngineEndpoint {
        if (ranks < 1) {
            throw new IllegalArgumentException("an engine has at least 1 rank, got " + ranks + " for " + worker);
        }
        if (replay != null && events == null) {
            throw new IllegalArgumentException("engine " + worker + " cannot replay events it does not publish");
        }
    }
}
