package workers.holds;

import java.time.Duration;
import java.util.Comparator;
import kv.Hold;
import kv.LeaseId;
import kv.Prefix;
import kv.SequenceHash;

/** One hold in a table. Mutable: its tail moves up when blocks are lost. */
final class Held {
    private static final Comparator<LeaseId> BY_ID =
            Comparator.comparingLong(LeaseId::high).thenComparingLong(LeaseId::low);

    /** The one that yields first comes first; the id only makes the order total, so that it never depends on history. */
    static final Comparator<Held> YIELD_ORDER = Comparator.<Held>comparingDouble(held -> held.hold.density())
            .thenComparingInt(held -> held.hold.priority())
            .thenComparing(held -> held.hold.lease(), BY_ID);

    /** By nearness of the deadline on a clock that may overflow; all deadlines lie within half of its range. */
    static final Comparator<Held> BY_DEADLINE = ((Comparator<Held>)
                    (one, other) -> Long.signum(one.deadlineNanos - other.deadlineNanos))
            .thenComparing(held -> held.hold.lease(), BY_ID);

    final Hold hold;
    final long deadlineNanos;
    final long number;
    HeldBlock tail;

    Held(Hold hold, long deadlineNanos, long number, HeldBlock tail) {
        this.hold = hold;
        this.deadlineNanos = deadlineNanos;
        this.number = number;
        this.tail = tail;
    }

    /** What is held at a time before its deadline, with what remains until then. */
    Hold at(long nowNanos) {
        return new Hold(
                hold.lease(),
                hold.epoch(),
                prefix(),
                hold.retentionClass(),
                hold.tiers(),
                hold.priority(),
                hold.density(),
                Duration.ofNanos(deadlineNanos - nowNanos));
    }

    /** What is kept. */
    Prefix prefix() {
        return new Prefix(tail.depth, new SequenceHash(tail.hash));
    }
}
