package router.queue;

import inference.TurnId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Turns that wait for a worker: strict priority first, then the policy's key, then arrival. Bounded in number and in
 * time. Adding, removing and re-keying are O(log waiting).
 *
 * <p>Thread-safety: confined to its router.
 *
 * @param <T> what waits
 */
public final class RequestQueue<T> {
    private final QueueSettings settings;
    /** By arrival: the longest waiting first. */
    private final Map<TurnId, Waiting<T>> byTurn = new LinkedHashMap<>();

    private final TreeSet<Waiting<T>> inOrder =
            new TreeSet<>(Comparator.<Waiting<T>>comparingInt(waiting -> waiting.strictPriority)
                    .thenComparingDouble(waiting -> waiting.key)
                    .reversed()
                    .thenComparingLong(waiting -> waiting.arrival));
    private long arrivals;

    /** A turn in the queue. */
    public static final class Waiting<T> {
        private final TurnId turn;
        private final T request;
        private final int priority;
        private final int strictPriority;
        private final long arrivalNanos;
        private final long orderNanos;
        private final long arrival;
        private double key;
        private long keyedNanos;

        private Waiting(
                TurnId turn,
                T request,
                int priority,
                int strictPriority,
                long arrivalNanos,
                long orderNanos,
                long arrival,
                double key) {
            this.turn = turn;
            this.request = request;
            this.priority = priority;
            this.strictPriority = strictPriority;
            this.arrivalNanos = arrivalNanos;
            this.orderNanos = orderNanos;
            this.arrival = arrival;
            this.key = key;
            this.keyedNanos = arrivalNanos;
        }

        public TurnId turn() {
            return turn;
        }

        public T request() {
            return request;
        }

        public long arrivalNanos() {
            return arrivalNanos;
        }
    }

    public RequestQueue(QueueSettings settings) {
        this.settings = settings;
    }

    /**
     * Adds a turn that is not in the queue.
     *
     * @param arrivalNanos since when it waits
     * @param orderNanos when it counts as arrived in the queue's order
     * @return false when the queue is full
     */
    public boolean offer(
            TurnId turn,
            T request,
            int priority,
            int strictPriority,
            int uncachedTokens,
            long arrivalNanos,
            long orderNanos) {
        if (isFull()) {
            return false;
        }
        double key = key(priority, orderNanos, uncachedTokens);
        Waiting<T> waiting =
                new Waiting<>(turn, request, priority, strictPriority, arrivalNanos, orderNanos, arrivals++, key);
        if (byTurn.putIfAbsent(turn, waiting) != null) {
            throw new IllegalStateException(turn + " waits already");
        }
        inOrder.add(waiting);
        return true;
    }

    /** Takes a turn out; null when it is not in the queue. */
    public @Nullable T remove(TurnId turn) {
        Waiting<T> waiting = byTurn.remove(turn);
        if (waiting == null) {
            return null;
        }
        inOrder.remove(waiting);
        return waiting.request;
    }

    /** Takes out the turns that have waited longer than allowed. */
    public List<Waiting<T>> expire(long nowNanos) {
        List<Waiting<T>> expired = new ArrayList<>();
        for (Iterator<Waiting<T>> oldest = byTurn.values().iterator(); oldest.hasNext(); ) {
            Waiting<T> waiting = oldest.next();
            if (nowNanos - waiting.arrivalNanos <= settings.maxWait().toNanos()) {
                break;
            }
            oldest.remove();
            inOrder.remove(waiting);
            expired.add(waiting);
        }
        return expired;
    }

    /** The turns in order, as of now. */
    public List<Waiting<T>> snapshot() {
        return List.copyOf(inOrder);
    }

    /** Whether a turn's key is old enough to be computed anew, under a policy that depends on overlap. */
    public boolean stale(Waiting<T> waiting, long nowNanos) {
        return settings.policy().dependsOnOverlap()
                && nowNanos - waiting.keyedNanos > settings.refreshAfter().toNanos();
    }

    /** Moves a waiting turn to where its new count of uncached tokens belongs. */
    public void rekey(Waiting<T> waiting, int uncachedTokens, long nowNanos) {
        inOrder.remove(waiting);
        waiting.key = key(waiting.priority, waiting.orderNanos, uncachedTokens);
        waiting.keyedNanos = nowNanos;
        inOrder.add(waiting);
    }

    private double key(int priority, long orderNanos, int uncachedTokens) {
        return settings.policy().key(priority, orderNanos, uncachedTokens, settings.slackSecondsPerToken());
    }

    public boolean isFull() {
        return byTurn.size() >= settings.maxWaiting();
    }

    public int size() {
        return byTurn.size();
    }

    public boolean isEmpty() {
        return byTurn.isEmpty();
    }
}
