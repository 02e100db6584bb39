package workers.openai;

import akka.actor.ActorSystem;
import akka.actor.Cancellable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one engine that wait for a next request: to make one costs more than all else that a request needs.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class EngineConnections {
    private final ActorSystem system;
    private final Duration kept;
    private final Supplier<EngineConnection> open;
    /** The one used last comes first. */
    private final Deque<Idle> idle = new ArrayDeque<>();

    private record Idle(EngineConnection connection, Cancellable expiry) {}

    /**
     * @param kept how long a connection waits for its next request; zero for not at all
     * @param open makes another one
     */
    EngineConnections(ActorSystem system, Duration kept, Supplier<EngineConnection> open) {
        this.system = system;
        this.kept = kept;
        this.open = open;
    }

    /** A connection for one request; it is {@link #giveBack given back} or aborted. */
    EngineConnection take() {
        for (Idle found = last(); found != null; found = last()) {
            found.expiry().cancel();
            if (found.connection().reusable()) {
                return found.connection();
            }
        }
        return open.get();
    }

    /** The answer is read to its end. */
    void giveBack(EngineConnection connection) {
        if (kept.isZero() || !connection.reusable()) {
            connection.abort();
            return;
        }
        Cancellable expiry = system.scheduler().scheduleOnce(kept, () -> expire(connection), system.dispatcher());
        synchronized (idle) {
            idle.push(new Idle(connection, expiry));
        }
    }

    private void expire(EngineConnection connection) {
        boolean idled;
        synchronized (idle) {
            idled = idle.removeIf(one -> one.connection() == connection);
        }
        if (idled) {
            connection.abort();
        }
    }

    private @Nullable Idle last() {
        synchronized (idle) {
            return idle.poll();
        }
    }
}
