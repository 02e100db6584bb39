package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.HOLDS_AND_COPIES;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
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

/**
 * A ledger and simulated workers over a random history: keepers crash before or after they send, their clocks are skewed, workers
 * start anew, orders and answers overtake each other, those about holds of one worker, too, and come twice. What no moment may
 * show is asserted here; the rest is for tests to look at.
 */
final class RetentionHistory {
    /** An order and its number. */
    private record Numbered(WorkerOrder order, long number) {}

    /** An order or an answer on its way. */
    private record Message(int life, Object content) {}

    /** What a worker found in storage. */
    private record Listed(WorkerId worker, List<FoundCopy> copies) {}

    /** Shares of the skew bound of 2 s that clocks and messages take. */
    private static final int CLOCK_MILLIS = 400;

    private static final int TRANSIT_MILLIS = 300;
    static final long QUOTA = 10L * 1024 * 3600;
    final LedgerSettings settings = Ledgers.settings(QUOTA);
    private final RetentionLedger ledger = new RetentionLedger(settings);
    private final Receipts receipts = new Receipts(settings);
    private final Random random;
    final Map<WorkerId, FakeWorker> workers = new TreeMap<>();
    private final List<Message> toWorkers = new ArrayList<>();
    private final List<Message> toKeeper = new ArrayList<>();
    final Map<String, LeaseId> storage = new TreeMap<>();
    final Map<LeaseId, Instant> deadlines = new HashMap<>();
    final List<LedgerEvent> events = new ArrayList<>();
    final List<WorkerOrder> orders = new ArrayList<>();
    LeaseBook book = new LeaseBook(settings);
    OpenOrders open = new OpenOrders();
    Instant truth = Ledgers.START;
    private long skewMillis;
    private int life;
    int leases;
    private int copiesWritten;
    private boolean trouble = true;

    RetentionHistory(long seed) {
        random = new Random(seed);
        List.of(Ledgers.A, Ledgers.B, Ledgers.C)
                .forEach(id -> workers.put(id, new FakeWorker(id, random.nextBoolean())));
        recover();
    }

    Instant clock() {
        return truth.plusMillis(skewMillis);
    }

    LiveWorkers live() {
        LiveWorkers live = LiveWorkers.UNKNOWN.complete();
        for (FakeWorker worker : workers.values()) {
            if (worker.up) {
                live = live.with(Ledgers.worker(worker.id, worker.life, worker.copies ? HOLDS_AND_COPIES : HOLDS));
            }
        }
        return live;
    }

    void step() {
        switch (random.nextInt(12)) {
            case 0, 1 -> grant();
            case 2 -> endOne();
            case 3 -> crash();
            case 4 -> random(List.copyOf(workers.values())).restart(random.nextBoolean());
            case 5 -> {
                FakeWorker worker = random(List.copyOf(workers.values()));
                worker.up = !worker.up;
                worker.restart(true);
            }
            case 6 -> evict();
            case 7, 8 -> passTime(random.nextInt(4_000));
            default -> deliver();
        }
    }

    /** So many steps, and then calm. */
    RetentionHistory run(int steps) {
        for (int step = 0; step < steps; step++) {
            step();
        }
        calm();
        return this;
    }

    private void grant() {
        int number = 1 + random.nextInt(8);
        Prefix prefix = Ledgers.prefix(2 + number % 4);
        FakeWorker home = random(List.copyOf(workers.values()));
        if (!home.resident.contains(prefix)) {
            home.resident.add(prefix);
        }
        LeaseTerms terms = Ledgers.terms(
                number,
                number % 2 == 0 ? Ledgers.ROOT : Ledgers.CHILD,
                prefix,
                1 + random.nextInt(2),
                50,
                random.nextInt(4),
                random.nextInt(4) == 0 ? null : Ledgers.conversation(),
                home.id);
        leases++;
        store(ledger.grant(book, terms, Duration.ofSeconds(5 + random.nextInt(120)), live(), clock())
                .decision());
    }

    private void endOne() {
        if (!book.leases().isEmpty()) {
            Lease lease = random(List.copyOf(book.leases()));
            store(ledger.end(book, lease.id(), EndReason.OWNER, live(), clock()));
        }
    }

    private void evict() {
        FakeWorker worker = random(List.copyOf(workers.values()));
        if (!worker.resident.isEmpty()) {
            Prefix gone = worker.resident.remove(random.nextInt(worker.resident.size()));
            boolean yields = random.nextBoolean();
            worker.holds.entrySet().removeIf(entry -> {
                boolean hit = entry.getValue().prefix().equals(gone);
                if (hit) {
                    over(worker, entry.getKey(), entry.getValue(), yields ? Loss.REVOKED_FOR_DENSER : Loss.EVICTED);
                }
                return hit;
            });
        }
    }

    private void over(FakeWorker worker, LeaseId lease, FakeWorker.TrueHold hold, Loss reason) {
        toKeeper.add(new Message(
                life,
                new HoldOver(
                        worker.id, lease, hold.epoch(), Ledgers.life(worker.life), hold.order(), 1, reason, null)));
    }

    void passTime(int millis) {
        // No message is on its way for longer than this.
        for (int passed = 0; passed < millis; passed += TRANSIT_MILLIS) {
            deliverAll(toWorkers);
            deliverAll(toKeeper);
            truth = truth.plusMillis(TRANSIT_MILLIS);
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
        store(ledger.sweep(book, live(), clock()));
        store(ledger.repair(book, live(), open, clock()));
        if (random.nextInt(4) == 0 || !trouble) {
            send(CopyInventory.take(book, live()));
        }
    }

    private void deliverAll(List<Message> queue) {
        while (!queue.isEmpty()) {
            deliver(queue);
        }
    }

    private void deliver() {
        List<Message> queue = random.nextBoolean() ? toWorkers : toKeeper;
        if (!queue.isEmpty()) {
            deliver(queue);
        }
    }

    /** What is about holds comes in any order and may come again later; the rest of one worker's keeps its order. */
    private void deliver(List<Message> queue) {
        Message any = queue.get(trouble ? random.nextInt(queue.size()) : 0);
        Message message = aboutHold(any) ? any : firstOfTheRest(queue, worker(any));
        queue.remove(message);
        arrive(message);
        if (trouble && random.nextInt(4) == 0) {
            if (aboutHold(message)) {
                queue.add(message);
            } else if (queue == toKeeper) {
                arrive(message);
            }
        }
    }

    private static Message firstOfTheRest(List<Message> queue, WorkerId worker) {
        return queue.stream()
                .filter(message -> !aboutHold(message) && worker(message).equals(worker))
                .findFirst()
                .orElseThrow();
    }

    private static boolean aboutHold(Message message) {
        if (message.content() instanceof Numbered order) {
            return order.order() instanceof WorkerOrder.PlaceHold || order.order() instanceof WorkerOrder.ReleaseHold;
        }
        return message.content() instanceof HoldOver
                || (message.content() instanceof WorkerAnswer answer && answer.kind() == Step.Kind.HOLD);
    }

    private static WorkerId worker(Message message) {
        if (message.content() instanceof Numbered order) {
            return order.order().worker();
        }
        if (message.content() instanceof Listed listed) {
            return listed.worker();
        }
        return message.content() instanceof WorkerAnswer said ? said.worker() : ((HoldOver) message.content()).worker();
    }

    private void arrive(Message message) {
        if (message.content() instanceof Numbered order) {
            arrive(order.order(), order.number());
        } else if (message.life() == life) {
            hear(message.content());
        }
    }

    private void arrive(WorkerOrder order, long number) {
        FakeWorker worker = Objects.requireNonNull(workers.get(order.worker()));
        if (order instanceof WorkerOrder.DiscardCopy discard) {
            assertFalse(wanted().contains(discard.location()), "what a lease has is not deleted");
            storage.remove(discard.location());
        }
        if (!worker.up) {
            return;
        }
        if (order instanceof WorkerOrder.DiscardCopy discard) {
            worker.copied.values().removeIf(made -> made.copy().location().equals(discard.location()));
        }
        if (order instanceof WorkerOrder.ListCopies list) {
            assertEquals(book.ledger(), list.ledger());
            List<FoundCopy> found = new ArrayList<>();
            storage.forEach((location, lease) -> found.add(new FoundCopy(lease, location)));
            toKeeper.add(new Message(life, new Listed(worker.id, found)));
        }
        if (order instanceof WorkerOrder.PlaceHold place) {
            Hold hold = place.hold();
            if (!worker.seen.repeated(hold.lease(), hold.epoch(), number)) {
                Receipt receipt = worker.hold(place.incarnation(), hold, number, truth, random);
                answer(worker, hold.lease(), hold.epoch(), place.incarnation(), Step.Kind.HOLD, number, receipt, null);
            }
        } else if (order instanceof WorkerOrder.ReleaseHold release) {
            worker.release(release.lease(), release.epoch(), number);
        } else if (order instanceof WorkerOrder.Warm warm) {
            boolean current = warm.incarnation().equals(Ledgers.life(worker.life));
            if (current && !worker.resident.contains(warm.prefix())) {
                worker.resident.add(warm.prefix());
            }
            answer(
                    worker,
                    warm.lease(),
                    warm.epoch(),
                    warm.incarnation(),
                    Step.Kind.WARM,
                    0,
                    current ? new Receipt.Accepted() : new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION),
                    null);
        } else if (order instanceof WorkerOrder.Copy copy) {
            FakeWorker.Copied before = worker.copied.get(copy.lease());
            if (before != null
                    && before.epoch().equals(copy.epoch())
                    && before.prefix().equals(copy.prefix())) {
                copied(worker, copy, before.order(), new Receipt.Accepted(), before.copy());
                return;
            }
            boolean can =
                    copy.incarnation().equals(Ledgers.life(worker.life)) && worker.resident.contains(copy.prefix());
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
        toKeeper.add(
                new Message(life, new WorkerAnswer(worker.id, lease, epoch, incarnation, kind, order, receipt, copy)));
    }

    private void hear(Object content) {
        if (content instanceof WorkerAnswer answer) {
            Instant asked = open.asked(answer.lease(), answer.worker(), answer.incarnation())
                    .orElse(null);
            if (answer.epoch().equals(book.epoch())) {
                store(
                        open.hears(answer)
                                ? receipts.answered(book, answer, asked, live(), clock())
                                : receipts.overtaken(book, answer, live(), clock()));
            }
        } else if (content instanceof HoldOver over) {
            Instant asked =
                    open.asked(over.lease(), over.worker(), over.incarnation()).orElse(null);
            if (over.epoch().equals(book.epoch()) && open.hears(over)) {
                store(receipts.holdEnded(book, over, asked, live(), clock()));
            }
        } else if (content instanceof Listed listed) {
            send(CopyInventory.compare(book, listed.worker(), listed.copies()));
        }
    }

    private void store(RetentionLedger.Decision decision) {
        store(decision, false);
    }

    private void store(RetentionLedger.Decision decision, boolean crashBeforeSending) {
        List<Lease> ending = decision.ending(book);
        for (LedgerEvent event : decision.events()) {
            apply(event);
        }
        ending.forEach(open::forget);
        if (!crashBeforeSending) {
            send(decision.orders());
        }
    }

    private void send(List<WorkerOrder> decided) {
        for (WorkerOrder order : decided) {
            orders.add(order);
            toWorkers.add(new Message(life, new Numbered(order, open.sent(order, clock()))));
        }
    }

    Set<String> wanted() {
        return book.leases().stream()
                .flatMap(lease -> lease.storedCopies().stream())
                .map(StoredCopy::location)
                .collect(Collectors.toSet());
    }

    private void apply(LedgerEvent event) {
        events.add(event);
        if (event instanceof LedgerEvent.LeaseGranted granted) {
            deadlines.merge(granted.terms().id(), granted.deadline(), (a, b) -> a.isAfter(b) ? a : b);
        } else if (event instanceof LedgerEvent.LeaseRenewed renewed) {
            deadlines.merge(renewed.lease(), renewed.deadline(), (a, b) -> a.isAfter(b) ? a : b);
        } else if (event instanceof LedgerEvent.LeasesEnded over && over.reason() == EndReason.DEADLINE) {
            // R1: what is over for the ledger is over on every worker.
            over.leases().forEach(lease -> workers.values()
                    .forEach(worker -> assertNull(worker.holds.get(lease), () -> lease + " overstays")));
        }
        book.apply(event);
    }

    private void crash() {
        if (random.nextBoolean() && !book.leases().isEmpty()) {
            Lease lease = random(List.copyOf(book.leases()));
            store(ledger.end(book, lease.id(), EndReason.OWNER, live(), clock()), true);
        }
        restartKeeper();
    }

    /** The keeper dies; its next life knows what was stored. */
    void restartKeeper() {
        LeaseBook rebuilt;
        if (random.nextBoolean()) {
            rebuilt = new LeaseBook(settings);
            events.forEach(rebuilt::apply);
        } else {
            rebuilt = LeaseBook.of(book.snapshot(), settings);
        }
        assertEquals(book.snapshot(), rebuilt.snapshot(), "the same events give the same book");
        book = rebuilt;
        recover();
    }

    private void recover() {
        open = new OpenOrders();
        life++;
        skewMillis = trouble ? random.nextInt(2 * CLOCK_MILLIS) - CLOCK_MILLIS : 0;
        Epoch before = book.epoch();
        apply(ledger.begin(book, Ledgers.NAME, clock()));
        assertEquals(before.next(), book.epoch());
        store(ledger.repeatEnds(book, live(), clock()));
    }

    /** Everything arrives, nothing fails, several ticks. */
    void calm() {
        trouble = false;
        deliverAll(toWorkers);
        deliverAll(toKeeper);
        for (int tick = 0; tick < 12; tick++) {
            passTime(1_000);
            deliverAll(toWorkers);
            deliverAll(toKeeper);
        }
        deliverAll(toWorkers); // what the last answers led to
    }

    /** Leases that do not end within a moment. */
    List<Lease> lasting() {
        return book.leases().stream()
                .filter(lease -> lease.deadline().isAfter(clock().plusSeconds(1)))
                .toList();
    }

    /** Whether the ledger counts on the whole prefix being held at a worker. */
    boolean believes(Lease lease, FakeWorker worker) {
        return lease.step(Step.Kind.HOLD, worker.id)
                .filter(step -> step.grants(lease.terms().prefix()))
                .map(Step::until)
                .filter(until -> until.isAfter(clock()))
                .isPresent();
    }

    boolean resident(Lease lease) {
        return workers.values().stream()
                .anyMatch(worker ->
                        worker.up && worker.resident.contains(lease.terms().prefix()));
    }

    private <T> T random(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
