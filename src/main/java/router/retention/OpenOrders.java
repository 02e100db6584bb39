package router.retention;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import kv.Incarnation;
import kv.LeaseId;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * What a keeper has told workers in its present life, and which holds they have acknowledged in it. Soft: a later life starts
 * with none, so that it asks for everything again, which is how leases are re-asserted.
 *
 * <p>Thread-safety: confined to its actor.
 */
public final class OpenOrders {
    private record Key(LeaseId lease, Step.Kind kind, WorkerId worker, Incarnation incarnation) {}

    private record Sent(Instant at, @Nullable Instant until) {}

    private final Map<Key, Sent> unanswered = new HashMap<>();
    private final Set<Key> confirmed = new HashSet<>();

    /** An order went out. */
    public void sent(WorkerOrder order, Instant now) {
        if (order instanceof WorkerOrder.PlaceHold place) {
            // An answer speaks of the earliest order it may be an answer to.
            Instant until = now.plus(place.hold().remaining());
            unanswered.merge(
                    new Key(place.hold().lease(), Step.Kind.HOLD, place.worker(), place.incarnation()),
                    new Sent(now, until),
                    (before, again) -> new Sent(now, before.until()));
        } else if (order instanceof WorkerOrder.Warm warm) {
            unanswered.put(
                    new Key(warm.lease(), Step.Kind.WARM, warm.worker(), warm.incarnation()), new Sent(now, null));
        } else if (order instanceof WorkerOrder.Copy copy) {
            unanswered.put(
                    new Key(copy.lease(), Step.Kind.COPY, copy.worker(), copy.incarnation()), new Sent(now, null));
        }
    }

    /**
     * A worker answered.
     *
     * @return until when the order that it answers had asked for a hold; empty when no hold was asked for
     */
    public Optional<Instant> answered(LeaseId lease, Step.Kind kind, WorkerId worker, Incarnation incarnation) {
        Key key = new Key(lease, kind, worker, incarnation);
        confirmed.add(key);
        Sent sent = unanswered.remove(key);
        return sent == null ? Optional.empty() : Optional.ofNullable(sent.until());
    }

    /** Forgets a lease that is over. */
    public void forget(Lease lease) {
        for (Step step : lease.steps()) {
            unanswered.remove(key(lease, step));
            confirmed.remove(key(lease, step));
        }
    }

    boolean confirmed(Lease lease, Step step) {
        return confirmed.contains(key(lease, step));
    }

    /** Whether nothing was asked yet, or so long ago that it is asked again. */
    boolean due(Lease lease, Step step, Instant now, Duration retryAfter) {
        Sent sent = unanswered.get(key(lease, step));
        return sent == null || !sent.at().plus(retryAfter).isAfter(now);
    }

    private static Key key(Lease lease, Step step) {
        return new Key(lease.id(), step.kind(), step.worker(), step.incarnation());
    }
}
