package router.placement;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Lets turns go first whose sessions came first: the queue's part of Continuum, which serves programs in order of arrival. Pauses
 * nobody.
 *
 * @see <a href="https://arxiv.org/abs/2511.02230">Continuum</a>
 */
final class SessionOrder implements PausePolicy {
    /** Sessions that are remembered; the one without turns for longest is forgotten first, and comes anew. */
    private static final int SESSIONS = 1 << 16;

    private final Map<Long, Long> firstArrivals = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Long> eldest) {
            return size() > SESSIONS;
        }
    };

    @Override
    public boolean admits(RouteRequest turn, Room room, Duration waited, long nowNanos) {
        return true;
    }

    @Override
    public void arrived(RouteRequest turn, long nowNanos) {
        firstArrivals.putIfAbsent(turn.affinity(), nowNanos);
    }

    @Override
    public long orderNanos(RouteRequest turn, long arrivalNanos) {
        return Math.min(arrivalNanos, firstArrivals.getOrDefault(turn.affinity(), arrivalNanos));
    }
}
