package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.HOLDS_AND_COPIES;

import inference.TenantId;
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
import java.util.stream.Stream;
import kv.Epoch;
import kv.FoundCopy;
import kv.Hold;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import workers.holds.SeenOrders;

/**
 * The ledger against simulated workers over random histories: keepers crash before or after they send, their clocks are
 * skewed, workers start anew, orders and answers overtake each other, those about holds of one worker, too, and come twice.
 */
class RetentionHistoryTest {

    @Property(tries = 300)
    void r1ToR5HoldInEveryHistory(@ForAll long seed) {
        History history = new History(seed);
        for (int step = 0; step < 150; step++) {
            history.step();
            history.checkAlways();
        }
        history.calm();
        history.checkCalm();
    }

    @Property(tries = 20)
    void r9TheSameSeedGivesTheSameEventsAndOrders(@ForAll long seed) {
        History one = new History(seed);
        History other = new History(seed);
        for (int step = 0; step < 100; step++) {
            one.step();
            other.step();
        }
        assertEquals(one.events, other.events);
        assertEquals(one.orders, other.orders);
    }

    /** A hold as its worker knows it, in true time. */
    private record TrueHold(Epoch epoch, long order, Prefix prefix, Instant until) {}

    /** An order and its number. */
    private record Numbered(WorkerOrder order, long number) {}

    /** One engine and its worker: applies the agreed rules, nothing more. */
    private static final class FakeWorker {
        private final WorkerId id;
        private final boolean copies;
        private long life = 1;
        private boolean up = true;
        private final Map<LeaseId, TrueHold> holds = new HashMap<>();
        private SeenOrders seen = new SeenOrders(1_000);
        private final List<Prefix> resident = new ArrayList<>();

        FakeWorker(WorkerId id, boolean copies) {
            this.id = id;
            this.copies = copies;
        }

        void restart(boolean engineToo) {
            life++;
            holds.clear();
            seen = new SeenOrders(1_000);
            if (engineToo) {
                resident.clear();
            }
        }

        Receipt hold(Incarnation incarnation, Hold hold, long order, Instant now, Random random) {
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
                holds.put(hold.lease(), new TrueHold(hold.epoch(), order, hold.prefix(), now.plus(half)));
                return new Receipt.Bounded(hold.prefix(), KvTier.DEVICE, half, Receipt.Reason.BUDGET);
            }
            holds.put(hold.lease(), new TrueHold(hold.epoch(), order, hold.prefix(), now.plus(hold.remaining())));
            return new Receipt.Accepted();
        }

        void release(LeaseId lease, Epoch epoch, long order) {
            if (seen.admit(lease, epoch, order)) {
                holds.remove(lease);
            }
        }
    }

    /** An order or an answer on its way. */
    private record Message(int life, Object content) {}

    /** What a worker found in storage. */
    private record Listed(WorkerId worker, List<FoundCopy> copies) {}

    private static final class History {
        /** Shares of the skew bound of 2 s that clocks and messages take. */
        private static final int CLOCK_MILLIS = 400;

        private static final int TRANSIT_MILLIS = 300;
        private static final long QUOTA = 10L * 1024 * 3600;
        private final LedgerSettings settings = Ledgers.settings(QUOTA);
        private final RetentionLedger ledger = new RetentionLedger(settings);
        private final Random random;
        private final Map<WorkerId, FakeWorker> workers = new TreeMap<>();
        private final List<Message> toWorkers = new ArrayList<>();
        private final List<Message> toKeeper = new ArrayList<>();
        private final Map<String, LeaseId> storage = new TreeMap<>();
        private final Map<LeaseId, Instant> deadlines = new HashMap<>();
        private final List<LedgerEvent> events = new ArrayList<>();
        private final List<WorkerOrder> orders = new ArrayList<>();
        private LeaseBook book = new LeaseBook(settings);
        private OpenOrders open = new OpenOrders();
        private Instant truth = Ledgers.START;
        private long skewMillis;
        private int life;
        private int leases;
        private int copiesWritten;
        private boolean trouble = true;

        History(long seed) {
            random = new Random(seed);
            List.of(Ledgers.A, Ledgers.B, Ledgers.C)
                    .forEach(id -> workers.put(id, new FakeWorker(id, random.nextBoolean())));
            recover();
        }

        private Instant clock() {
            return truth.plusMillis(skewMillis);
        }

        private LiveWorkers live() {
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

        private void over(FakeWorker worker, LeaseId lease, TrueHold hold, Loss reason) {
            toKeeper.add(new Message(
                    life,
                    new RetentionLedger.HoldOver(
                            worker.id, lease, hold.epoch(), Ledgers.life(worker.life), hold.order(), 1, reason, null)));
        }

        private void passTime(int millis) {
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
                return order.order() instanceof WorkerOrder.PlaceHold
                        || order.order() instanceof WorkerOrder.ReleaseHold;
            }
            return message.content() instanceof RetentionLedger.HoldOver
                    || (message.content() instanceof RetentionLedger.WorkerAnswer answer
                            && answer.kind() == Step.Kind.HOLD);
        }

        private static WorkerId worker(Message message) {
            if (message.content() instanceof Numbered order) {
                return order.order().worker();
            }
            if (message.content() instanceof Listed listed) {
                return listed.worker();
            }
            return message.content() instanceof RetentionLedger.WorkerAnswer said
                    ? said.worker()
                    : ((RetentionLedger.HoldOver) message.content()).worker();
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
                    answer(
                            worker,
                            hold.lease(),
                            hold.epoch(),
                            place.incarnation(),
                            Step.Kind.HOLD,
                            number,
                            receipt,
                            null);
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
                boolean can =
                        copy.incarnation().equals(Ledgers.life(worker.life)) && worker.resident.contains(copy.prefix());
                StoredCopy stored = can ? new StoredCopy("copy-" + copiesWritten++, 1, 1, "m") : null;
                if (stored != null) {
                    storage.put(stored.location(), copy.lease());
                }
                if (random.nextInt(4) == 0 && trouble) {
                    return; // written, but its worker dies before it says so
                }
                answer(
                        worker,
                        copy.lease(),
                        copy.epoch(),
                        copy.incarnation(),
                        Step.Kind.COPY,
                        0,
                        can ? new Receipt.Accepted() : new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT),
                        stored);
            }
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
            toKeeper.add(new Message(
                    life,
                    new RetentionLedger.WorkerAnswer(
                            worker.id, lease, epoch, incarnation, kind, order, receipt, copy)));
        }

        private void hear(Object content) {
            if (content instanceof RetentionLedger.WorkerAnswer answer) {
                Instant asked = open.asked(answer.lease(), answer.worker(), answer.incarnation())
                        .orElse(null);
                if (answer.epoch().equals(book.epoch()) && open.hears(answer)) {
                    store(ledger.answered(book, answer, asked, live(), clock()));
                }
            } else if (content instanceof RetentionLedger.HoldOver over) {
                Instant asked = open.asked(over.lease(), over.worker(), over.incarnation())
                        .orElse(null);
                if (over.epoch().equals(book.epoch()) && open.hears(over)) {
                    store(ledger.holdEnded(book, over, asked, live(), clock()));
                }
            } else if (content instanceof Listed listed) {
                send(CopyInventory.compare(book, listed.worker(), listed.copies()));
            }
        }

        private void store(RetentionLedger.Decision decision) {
            store(decision, false);
        }

        private void store(RetentionLedger.Decision decision, boolean crashBeforeSending) {
            List<Lease> ending = decision.events().stream()
                    .filter(LedgerEvent.LeasesEnded.class::isInstance)
                    .flatMap(over -> ((LedgerEvent.LeasesEnded) over).leases().stream())
                    .flatMap(id -> book.lease(id).stream())
                    .toList();
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
                checkEpoch(order);
                toWorkers.add(new Message(life, new Numbered(order, open.sent(order, clock()))));
            }
        }

        private Set<String> wanted() {
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

        /** R3: no order but of the present epoch, which is stored. */
        private void checkEpoch(WorkerOrder order) {
            if (order instanceof WorkerOrder.PlaceHold place) {
                assertEquals(book.epoch(), place.hold().epoch());
            } else if (order instanceof WorkerOrder.ReleaseHold release) {
                assertEquals(book.epoch(), release.epoch());
            }
        }

        private void crash() {
            if (random.nextBoolean() && !book.leases().isEmpty()) {
                Lease lease = random(List.copyOf(book.leases()));
                store(ledger.end(book, lease.id(), EndReason.OWNER, live(), clock()), true);
            }
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
            assertEquals(before.next(), book.epoch(), "R3");
            store(ledger.repeatEnds(book, live(), clock()));
        }

        void checkAlways() {
            for (FakeWorker worker : workers.values()) {
                worker.holds.forEach((lease, hold) -> {
                    assertTrue(hold.until().isAfter(truth.minusMillis(1)), "R1: a hold ends at its deadline");
                    assertFalse(
                            hold.until()
                                    .isAfter(Objects.requireNonNull(deadlines.get(lease))
                                            .plus(settings.skewBound())),
                            "R1: never beyond the latest deadline and the bound");
                });
            }
            // R2: never more than one full bucket and what flowed in since.
            long spent = book.leases().stream()
                    .mapToLong(lease -> LeaseBook.byteSeconds(lease.terms(), lease.remaining(clock())))
                    .sum();
            assertTrue(book.budget(TenantId.DEFAULT, clock()).byteSeconds() >= 0, "R2");
            assertTrue(
                    spent <= 2 * QUOTA + leases * 10L * 1024,
                    () -> "R2: " + spent + " byte-seconds are promised of " + QUOTA);
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
        }

        void checkCalm() {
            for (Lease lease : book.leases()) {
                if (!lease.deadline().isAfter(clock().plusSeconds(1))) {
                    continue;
                }
                assertFalse(RetentionLedger.awaitsReassertion(lease, open), () -> "R8: " + lease);
                int holders = 0;
                for (FakeWorker worker : workers.values()) {
                    boolean believed = lease.step(Step.Kind.HOLD, worker.id)
                            .filter(step -> step.grants(lease.terms().prefix()))
                            .map(Step::until)
                            .filter(until -> until.isAfter(clock()))
                            .isPresent();
                    boolean held = worker.holds.containsKey(lease.id());
                    assertTrue(
                            held || !believed, () -> "nothing is claimed that is not: " + lease + " at " + worker.id);
                    boolean listed = lease.steps().stream()
                            .anyMatch(step -> step.worker().equals(worker.id));
                    assertTrue(listed || !held, () -> "nobody holds unlisted: " + lease + " at " + worker.id);
                    holders += held ? 1 : 0;
                }
                boolean stored =
                        lease.storedCopies().stream().map(StoredCopy::location).anyMatch(storage::containsKey);
                boolean justOver = lease.steps().stream()
                        .map(Step::until)
                        .flatMap(Stream::ofNullable)
                        .anyMatch(until -> !until.isAfter(clock()));
                if (lease.state() == LeaseState.HELD && !justOver) {
                    assertTrue(stored || holders >= lease.terms().minCopies(), () -> "R4: " + lease);
                }
                if (holders == 0 && !stored && !resident(lease)) {
                    assertFalse(lease.lost().isEmpty(), () -> "R4: what is lost is named: " + lease);
                }
            }
            boolean awaited = book.leases().stream()
                    .flatMap(lease -> lease.steps().stream())
                    .anyMatch(step -> step.kind() == Step.Kind.COPY && step.pending());
            if (!awaited && workers.values().stream().anyMatch(worker -> worker.up && worker.copies)) {
                assertEquals(wanted(), storage.keySet(), "storage holds what leases have, and nothing else");
            }
            // R5: whatever ended is held nowhere.
            workers.values().forEach(worker -> worker.holds
                    .keySet()
                    .forEach(lease -> assertTrue(
                            book.lease(lease).isPresent(), () -> "R5: " + lease + " is held at " + worker.id)));
        }

        private boolean resident(Lease lease) {
            return workers.values().stream()
                    .anyMatch(worker ->
                            worker.up && worker.resident.contains(lease.terms().prefix()));
        }

        private <T> T random(List<T> list) {
            return list.get(random.nextInt(list.size()));
        }
    }
}
