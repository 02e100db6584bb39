package router.strategy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a strategy remembers of sessions that had a turn lately; the others are forgotten. Reading changes nothing.
 *
 * <p>Thread-safety: confined to its strategy.
 */
final class RecentSessions<T> {
    private final long idleNanos;
    /** In the order of their last turns. */
    private final Map<Long, Entry<T>> entries = new LinkedHashMap<>();

    private record Entry<T>(T value, long nanos) {}

    /** @param idleSeconds time without a turn after which a session is forgotten */
    RecentSessions(double idleSeconds) {
        this.idleNanos = StrictMath.round(idleSeconds * 1e9);
    }

    @Nullable
    T get(long affinity, long nowNanos) {
        Entry<T> entry = entries.get(affinity);
        return entry == null || idle(entry, nowNanos) ? null : entry.value;
    }

    /** What is remembered of all. */
    List<T> values(long nowNanos) {
        return entries.values().stream()
                .filter(entry -> !idle(entry, nowNanos))
                .map(entry -> entry.value)
                .toList();
    }

    /** The session has a turn. */
    void put(long affinity, T value, long nowNanos) {
        entries.values().removeIf(entry -> idle(entry, nowNanos));
        entries.remove(affinity);
        entries.put(affinity, new Entry<>(value, nowNanos));
    }

    private boolean idle(Entry<T> entry, long nowNanos) {
        return nowNanos - entry.nanos > idleNanos;
    }
}
