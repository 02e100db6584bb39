package router.retention;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import workers.holds.SeenOrders;

/** One engine and its worker: applies the agreed rules, nothing more. */
final class FakeWorker {

    /** The first to yield comes first. */
    private static final Comparator<TrueHold> YIELD_ORDER = Comparator.<TrueHold>comparingDouble(
                    held -> held.hold().density())
            .thenComparingInt(held -> held.hold().priority())
            .thenComparingLong(held -> held.hold().lease().low());

    /** A hold as its worker knows it, in true time. */
    record TrueHold(Hold hold, long order, Instant until) {}

    /** A copy, and the order that it was written by. */
    record Copied(Epoch epoch, long order, Prefix prefix, StoredCopy copy) {}

    final WorkerId id;
    final boolean copies;
    long life = 1;
    boolean up = true;
    boolean draining;
    final Map<LeaseId, TrueHold> holds = new HashMap<>();
    final Map<LeaseId, Copied> copied = new HashMap<>();
    SeenOrders seen = new SeenOrders(1_000);
    final List<Prefix> resident = new ArrayList<>();

    FakeWorker(WorkerId id, boolean copies) {
        this.id = id;
        this.copies = copies;
    }

    void restart(boolean engineToo) {
        life++;
        holds.clear();
        copied.clear();
        seen = new SeenOrders(1_000);
        if (engineToo) {
            resident.clear();
        }
    }

    Receipt hold(Incarnation incarnation, Hold hold, long order, Instant now, Random random) {
        if (draining && !holds.containsKey(hold.lease())) {
            return new Receipt.Rejected(
                    resident.contains(hold.prefix()) ? Receipt.Reason.DRAINING : Receipt.Reason.NOT_RESIDENT);
        }
        if (!incarnation.equals(Ledgers.life(life))) {
            return new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION);
        }
        if (!seen.admit(hold.lease(), hold.epoch(), order)) {
            return new Receipt.Rejected(Receipt.Reason.STALE_EPOCH);
        }
        if (!resident.contains(hold.prefix())) {
            holds.remove(hold.lease());
            return new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT);
        }
        if (random.nextInt(8) == 0) {
            Duration half = hold.remaining().dividedBy(2);
            holds.put(hold.lease(), new TrueHold(hold, order, now.plus(half)));
            return new Receipt.Bounded(hold.prefix(), KvTier.DEVICE, half, Receipt.Reason.BUDGET);
        }
        holds.put(hold.lease(), new TrueHold(hold, order, now.plus(hold.remaining())));
        return new Receipt.Accepted();
    }

    /** What is held, the first to yield first. */
    List<TrueHold> yieldOrder() {
        return holds.values().stream().sorted(YIELD_ORDER).toList();
    }

    void release(LeaseId lease, Epoch epoch, long order) {
        if (seen.admit(lease, epoch, order)) {
            holds.remove(lease);
        }
    }
}
