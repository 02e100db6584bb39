package workers;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An event source without sockets: keeps what it published, and answers replays when told to. */
final class ScriptedEvents implements KvEventSource.Factory, KvEventSource {
    private final List<byte[]> published = new ArrayList<>();
    private @Nullable Listener listener;
    private long attempt = -1;
    private long from;
    private boolean closed;

    @Override
    public synchronized KvEventSource open(EngineEndpoint endpoint, Listener opened) {
        listener = opened;
        return this;
    }

    @Override
    public synchronized void replay(int stream, long newAttempt, long newFrom) {
        attempt = newAttempt;
        from = newFrom;
    }

    @Override
    public synchronized void close() {
        closed = true;
    }

    synchronized boolean closed() {
        return closed;
    }

    /** Number from which a replay was asked for, or -1. */
    synchronized long asked() {
        return attempt < 0 ? -1 : from;
    }

    /** Publishes the next batch. */
    synchronized void publish(byte[] payload) {
        published.add(payload);
        listener().live(0, published.size() - 1, payload);
    }

    /** Publishes a batch that is lost on its way. */
    synchronized void lose(byte[] payload) {
        published.add(payload);
    }

    /** The engine starts anew: numbers begin at 0 again. */
    synchronized void restart() {
        published.clear();
    }

    /** The source's thread ends by an error. */
    synchronized void breakOff() {
        attempt = -1;
        listener().failed(new IllegalStateException("no more sockets"));
    }

    /** Answers the replay that was asked for. */
    synchronized void answer() {
        for (long number = from; number < published.size(); number++) {
            listener().replayed(0, attempt, number, published.get((int) number));
        }
        long ended = attempt;
        attempt = -1;
        listener().replayEnded(0, ended);
    }

    private Listener listener() {
        return Objects.requireNonNull(listener);
    }
}
