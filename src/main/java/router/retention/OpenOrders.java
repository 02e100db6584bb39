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
 * What a keeper has told workers in its present life, and what it has heard of them in it. Soft: a later life starts with
 * nothing, so that it asks for everything again, which is how leases are re-asserted.
 *
 * <p>Messages may overtake each other, and come twice. Orders are numbered in the order of sending; a worker obeys, for each lease,
 * the highest number that it has seen, and names it in what it says of the hold. So of two words on one hold the later one is
 * known: the one on the higher order, and of one order the acknowledgement comes before the changes, which count up. What is said
 * of a copy or of a computed prefix names the order that it was made by, too.
 *
 * <p>Thread-safety: confined to its actor.
 */
public final class OpenOrders {
    private record Key(LeaseId lease, Step.Kind kind, WorkerId worker, Incarnation incarnation) {}

    /**
     * An order without an answer.
     *
     * @param number of the last one sent
     * @param until the earliest end that those without an answer ask for, null for no hold
     */
    private record Sent(long number, Instant at, @Nullable Instant until) {}

    /** The latest word on a step: order and number of its change, 0 for the acknowledgement. */
    private record Word(long order, int change) {
        boolean after(Word other) {
            return order > other.order || (order == other.order && change > other.change);
        }
    }

    private final Map<Key, Sent> unanswered = new HashMap<>();
    private final Map<Key, Word> heard = new HashMap<>();
    private final Set<Key> confirmed = new HashSet<>();
    private long numbers;

    /** An order goes out; answers its number, higher than any before. */
    public long sent(WorkerOrder order, Instant now) {
        long number = ++numbers;
        if (order instanceof WorkerOrder.PlaceHold place) {
            Instant until = now.plus(place.hold().remaining());
            Key key = new Key(place.hold().lease(), Step.Kind.HOLD, place.worker(), place.incarnation());
            asked(key, number);
            unanswered.merge(
                    key, new Sent(number, now, until), (before, again) -> new Sent(number, now, before.until()));
        } else if (order instanceof WorkerOrder.Warm warm) {
            Key key = new Key(warm.lease(), Step.Kind.WARM, warm.worker(), warm.incarnation());
            asked(key, number);
            unanswered.put(key, new Sent(number, now, null));
        } else if (order instanceof WorkerOrder.Copy copy) {
            Key key = new Key(copy.lease(), Step.Kind.COPY, copy.worker(), copy.incarnation());
            asked(key, number);
            unanswered.put(key, new Sent(number, now, null));
        }
        return number;
    }

    /** Whatever is said of an earlier lease of the same id is about something else. */
    private void asked(Key key, long number) {
        heard.putIfAbsent(key, new Word(number, -1));
    }

    /** Takes in an answer; false when a later one was heard before it, or the same one, or its lease is over. */
    public boolean hears(WorkerAnswer answer) {
        Key key = new Key(answer.lease(), answer.kind(), answer.worker(), answer.incarnation());
        if (!later(key, new Word(answer.order(), 0))) {
            return false;
        }
        confirmed.add(key);
        Sent sent = unanswered.get(key);
        if (sent != null && (answer.kind() != Step.Kind.HOLD || sent.number() == answer.order())) {
            unanswered.remove(key);
        }
        return true;
    }

    /** Takes in the end of a hold; false when a later word was heard before it, or will be because the hold was asked for again. */
    public boolean hears(HoldOver over) {
        Key key = new Key(over.lease(), Step.Kind.HOLD, over.worker(), over.incarnation());
        boolean later = later(key, new Word(over.order(), over.change()));
        Sent sent = unanswered.get(key);
        if (!later || (sent != null && sent.number() > over.order())) {
            return false;
        }
        confirmed.add(key);
        unanswered.remove(key);
        return true;
    }

    private boolean later(Key key, Word word) {
        Word before = heard.get(key);
        boolean later = before != null && word.after(before);
        if (later) {
            heard.put(key, word);
        }
        return later;
    }

    /** Until when the orders that an answer may be about asked for a hold; empty when none was asked for. To be read first. */
    public Optional<Instant> asked(LeaseId lease, WorkerId worker, Incarnation incarnation) {
        return Optional.ofNullable(unanswered.get(new Key(lease, Step.Kind.HOLD, worker, incarnation)))
                .flatMap(sent -> Optional.ofNullable(sent.until()));
    }

    /** Forgets a lease that is over. */
    public void forget(Lease lease) {
        for (Step step : lease.steps()) {
            unanswered.remove(key(lease, step));
            heard.remove(key(lease, step));
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
