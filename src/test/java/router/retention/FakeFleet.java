package router.retention;

import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.HOLDS_AND_COPIES;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import kv.Epoch;
import kv.FoundCopy;
import kv.Hold;
import kv.Incarnation;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.status.WorkerState;

/** Workers and the storage that they share: they do what they are told, fail by chance, and tell the keeper. */
final class FakeFleet {
    /** What a worker found in storage. */
    record Listed(WorkerId worker, List<FoundCopy> copies) {}

    /** What is stored, by its location. */
    final Map<String, LeaseId> storage = new TreeMap<>();

    private final Map<WorkerId, FakeWorker> workers = new TreeMap<>();
    private final Random random;
    private final Consumer<Object> keeper;
    private int copiesWritten;

    /** @param keeper is told what workers say */
    FakeFleet(Random random, Consumer<Object> keeper) {
        this.random = random;
        this.keeper = keeper;
        List.of(Ledgers.A, Ledgers.B, Ledgers.C)
                .forEach(id -> workers.put(id, new FakeWorker(id, random.nextBoolean())));
    }

    Collection<FakeWorker> workers() {
        return workers.values();
    }

    FakeWorker any() {
        return List.copyOf(workers.values()).get(random.nextInt(workers.size()));
    }

    LiveWorkers live() {
        LiveWorkers live = LiveWorkers.UNKNOWN.complete();
        for (FakeWorker worker : workers.values()) {
            if (worker.up) {
                LiveWorker ready = Ledgers.worker(worker.id, worker.life, worker.copies ? HOLDS_AND_COPIES : HOLDS);
                live = live.with(new LiveWorker(
                        worker.id,
                        ready.incarnation(),
                        worker.draining ? WorkerState.DRAINING : WorkerState.READY,
                        ready.facts(),
                        ready.load()));
            }
        }
        return live;
    }

    /** An engine loses a prefix. */
    void evict() {
        FakeWorker worker = any();
        if (!worker.resident.isEmpty()) {
            Prefix gone = worker.resident.remove(random.nextInt(worker.resident.size()));
            boolean yields = random.nextBoolean();
            worker.holds.entrySet().removeIf(entry -> {
                boolean hit = entry.getValue().hold().prefix().equals(gone);
                if (hit) {
                    over(worker, entry.getKey(), entry.getValue(), yields ? Loss.REVOKED_FOR_DENSER : Loss.EVICTED);
                }
                return hit;
            });
        }
    }

    /** Running requests need the room of some of a worker's holds. */
    void press() {
        FakeWorker worker = any();
        if (!worker.holds.isEmpty()) {
            worker.yieldOrder().stream()
                    .limit(1 + random.nextInt(worker.holds.size()))
                    .forEach(yields -> {
                        LeaseId lease = yields.hold().lease();
                        worker.holds.remove(lease);
                        over(worker, lease, yields, Loss.REVOKED_UNDER_PRESSURE);
                    });
        }
    }

    /** Ends the holds whose time is over; some workers say so. */
    void expire(Instant truth) {
        for (FakeWorker worker : workers.values()) {
            worker.holds.entrySet().removeIf(entry -> {
                boolean ends = !entry.getValue().until().isAfter(truth);
                if (ends && random.nextBoolean()) {
                    over(worker, entry.getKey(), entry.getValue(), Loss.EXPIRED);
                }
                return ends;
            });
        }
    }

    private void over(FakeWorker worker, LeaseId lease, FakeWorker.TrueHold hold, Loss reason) {
        keeper.accept(new HoldOver(
                worker.id, lease, hold.hold().epoch(), Ledgers.life(worker.life), hold.order(), 1, reason, null));
    }

    /** @param trouble whether a worker may die between doing and saying it */
    void obey(WorkerOrder order, long number, Instant truth, boolean trouble) {
        FakeWorker worker = Objects.requireNonNull(workers.get(order.worker()));
        if (order instanceof WorkerOrder.DiscardCopy discard) {
            storage.remove(discard.location());
        }
        if (!worker.up) {
            return;
        }
        if (order instanceof WorkerOrder.DiscardCopy discard) {
            worker.copied.values().removeIf(made -> made.copy().location().equals(discard.location()));
        } else if (order instanceof WorkerOrder.ListCopies) {
            List<FoundCopy> found = new ArrayList<>();
            storage.forEach((location, lease) -> found.add(new FoundCopy(lease, location)));
            keeper.accept(new Listed(worker.id, found));
        } else if (order instanceof WorkerOrder.PlaceHold place) {
            hold(worker, place, number, truth);
        } else if (order instanceof WorkerOrder.ReleaseHold release) {
            worker.release(release.lease(), release.epoch(), number);
        } else if (order instanceof WorkerOrder.Warm warm) {
            warm(worker, warm, number);
        } else if (order instanceof WorkerOrder.Copy copy) {
            copy(worker, copy, number, trouble);
        }
    }

    private void hold(FakeWorker worker, WorkerOrder.PlaceHold place, long number, Instant truth) {
        Hold hold = place.hold();
        if (!worker.seen.repeated(hold.lease(), hold.epoch(), number)) {
            Receipt receipt = worker.hold(place.incarnation(), hold, number, truth, random);
            answer(worker, hold.lease(), hold.epoch(), place.incarnation(), Step.Kind.HOLD, number, receipt, null);
        }
    }

    private void warm(FakeWorker worker, WorkerOrder.Warm warm, long number) {
        boolean current = warm.incarnation().equals(Ledgers.life(worker.life));
        boolean obeys = current && !worker.draining;
        if (obeys && !worker.resident.contains(warm.prefix())) {
            worker.resident.add(warm.prefix());
        }
        answer(
                worker,
                warm.lease(),
                warm.epoch(),
                warm.incarnation(),
                Step.Kind.WARM,
                number,
                obeys
                        ? new Receipt.Accepted()
                        : new Receipt.Rejected(current ? Receipt.Reason.DRAINING : Receipt.Reason.STALE_INCARNATION),
                null);
    }

    private void copy(FakeWorker worker, WorkerOrder.Copy copy, long number, boolean trouble) {
        FakeWorker.Copied before = worker.copied.get(copy.lease());
        if (before != null
                && before.epoch().equals(copy.epoch())
                && before.prefix().equals(copy.prefix())) {
            copied(worker, copy, before.order(), new Receipt.Accepted(), before.copy());
            return;
        }
        if (trouble && random.nextInt(6) == 0) {
            copied(worker, copy, number, new Receipt.Rejected(Receipt.Reason.BUDGET), null);
            return;
        }
        boolean can = copy.incarnation().equals(Ledgers.life(worker.life)) && worker.resident.contains(copy.prefix());
        StoredCopy stored = can ? new StoredCopy("copy-" + copiesWritten++, 1, 1, "m") : null;
        if (stored != null) {
            storage.put(stored.location(), copy.lease());
        }
        if (random.nextInt(4) == 0 && trouble) {
            return; // written, but its worker dies before it says so
        }
        if (stored == null) {
            copied(worker, copy, number, new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT), null);
        } else {
            worker.copied.put(copy.lease(), new FakeWorker.Copied(copy.epoch(), number, copy.prefix(), stored));
            copied(worker, copy, number, new Receipt.Accepted(), stored);
        }
    }

    private void copied(
            FakeWorker worker, WorkerOrder.Copy copy, long order, Receipt receipt, @Nullable StoredCopy stored) {
        answer(worker, copy.lease(), copy.epoch(), copy.incarnation(), Step.Kind.COPY, order, receipt, stored);
    }

    private void answer(
            FakeWorker worker,
            LeaseId lease,
            Epoch epoch,
            Incarnation incarnation,
            Step.Kind kind,
            long order,
            Receipt receipt,
            @Nullable StoredCopy copy) {
        keeper.accept(new WorkerAnswer(worker.id, lease, epoch, incarnation, kind, order, receipt, copy));
    }
}
