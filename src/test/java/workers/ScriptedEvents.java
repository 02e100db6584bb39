package workers;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An event source without sockets: keeps what it published, and answers replays when told to. */
final class ScriptedEvents implements KvEventSource.Factory, KvEventSource {
    private static final Duration LIMIT = Duration.ofSeconds(10);

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
        notifyAll();
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

    /** Answers the replay that is asked for, which a worker does on another thread. */
    synchronized void answer() {
        awaitReplay();
        for (long number = from; number < published.size(); number++) {
            listener().replayed(0, attempt, number, published.get((int) number));
        }
        long ended = attempt;
        attempt = -1;
        listener().replayEnded(0, ended);
    }

    private void awaitReplay() {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (attempt < 0) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError("no replay was asked for within " + LIMIT);
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private Listener listener() {
        return Objects.requireNonNull(listener);
    }
}
