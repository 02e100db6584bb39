package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import inference.SessionId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import kv.Epoch;
import kv.LeaseId;
import kv.Prefix;
import kv.StoredCopy;

/**
 * A ledger and simulated workers over a random history: keepers crash before or after they send, their clocks are skewed, workers
 * start anew, drain and give up holds, orders and answers overtake each other and come twice. What no moment may show is asserted here; the rest is for
 * tests to look at.
 */
final class RetentionHistory {
    /** Shares of the skew bound of 2 s that clocks and messages take. */
    private static final int CLOCK_MILLIS = 400;

    private static final int TRANSIT_MILLIS = 300;
    /** Leases of higher numbers are shared. */
    private static final int SHARED_ABOVE = 5;

    /** More than all leases of a history cost together. */
    private static final long AMPLE_QUOTA = 10L * 1024 * 3600;

    final LedgerSettings settings;
    private final RetentionLedger ledger;
    private final SharedLeases shared;
    private final Receipts receipts;
    private final Random random;
    private final Transit transit;
    final NaiveYields yields = new NaiveYields();
    final FakeFleet fleet;
    final Map<LeaseId, Instant> deadlines = new HashMap<>();
    final List<LedgerEvent> events = new ArrayList<>();
    final List<WorkerOrder> orders = new ArrayList<>();
    private final List<LeaseAnswer> answers = new ArrayList<>();
    LeaseBook book;
    OpenOrders open = new OpenOrders();
    Instant truth = Ledgers.START;
    private long skewMillis;
    private boolean trouble = true;

    RetentionHistory(long seed) {
        this(seed, AMPLE_QUOTA);
    }

    /** @param quota byte-seconds that the tenant may have promised */
    RetentionHistory(long seed, long quota) {
        settings = Ledgers.settings(quota);
        ledger = new RetentionLedger(settings);
        shared = new SharedLeases(ledger, settings);
        receipts = new Receipts(settings);
        book = new LeaseBook(settings);
        random = new Random(seed);
        transit = new Transit(random, this::arrive, this::hear);
        fleet = new FakeFleet(random, transit::toKeeper);
        recover();
    }

    Instant clock() {
        return truth.plusMillis(skewMillis);
    }

    LiveWorkers live() {
        return fleet.live();
    }

    void step() {
        switch (random.nextInt(14)) {
            case 0, 1 -> grant();
            case 2 -> endOne();
            case 3 -> crash();
            case 4 -> fleet.any().restart(random.nextBoolean());
            case 5 -> {
                FakeWorker worker = fleet.any();
                worker.up = !worker.up;
                worker.draining = false;
                worker.restart(true);
            }
            case 6 -> fleet.evict();
            case 7 -> fleet.press();
            case 8 -> {
                FakeWorker worker = fleet.any();
                worker.draining = !worker.draining;
            }
            case 9, 10 -> passTime(random.nextInt(4_000));
            default -> transit.deliver();
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
        FakeWorker home = fleet.any();
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
        Duration wanted = Duration.ofSeconds(5 + random.nextInt(120));
        RetentionLedger.Answered answered = number > SHARED_ABOVE
                ? shared.join(book, terms, anyOwner(), wanted, live(), clock())
                : ledger.grant(book, terms, wanted, live(), clock());
        answers.add(answered.answer());
        store(answered.decision());
    }

    private SessionId anyOwner() {
        return new SessionId("owner-" + random.nextInt(3));
    }

    /** Whether a lease was refused, cut short or revoked for want of quota. */
    boolean cutByQuota() {
        return answers.stream()
                        .anyMatch(answer -> (answer instanceof LeaseAnswer.Refused refused
                                        && refused.reason() == LeaseAnswer.Refusal.QUOTA)
                                || (answer instanceof LeaseAnswer.Granted granted
                                        && granted.bound() == LeaseAnswer.Bound.QUOTA))
                || events.stream()
                        .anyMatch(event ->
                                event instanceof LedgerEvent.LeasesEnded over && over.reason() == EndReason.QUOTA);
    }

    private void endOne() {
        if (!book.leases().isEmpty()) {
            Lease lease = random(List.copyOf(book.leases()));
            store(
                    lease.owners().isEmpty()
                            ? ledger.end(book, lease.id(), EndReason.OWNER, live(), clock())
                            : shared.leave(book, lease.id(), anyOwner(), live(), clock()));
        }
    }

    void passTime(int millis) {
        // No message is on its way for longer than this.
        for (int passed = 0; passed < millis; passed += TRANSIT_MILLIS) {
            transit.deliverAllToWorkers();
            transit.deliverAllToKeeper();
            truth = truth.plusMillis(TRANSIT_MILLIS);
            fleet.expire(truth);
        }
        store(ledger.sweep(book, live(), clock()));
        store(ledger.repair(book, live(), open, clock()));
        if (random.nextInt(4) == 0 || !trouble) {
            send(CopyInventory.take(book, live()));
        }
    }

    private void arrive(Transit.Numbered numbered) {
        if (numbered.order() instanceof WorkerOrder.DiscardCopy discard) {
            assertFalse(wanted().contains(discard.location()), "what a lease has is not deleted");
        } else if (numbered.order() instanceof WorkerOrder.ListCopies list) {
            assertEquals(book.ledger(), list.ledger());
        }
        fleet.obey(numbered.order(), numbered.number(), truth, trouble);
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
                RetentionLedger.Decision decision = receipts.holdEnded(book, over, asked, live(), clock());
                Optional<Lease> before = book.lease(over.lease());
                store(decision);
                before.ifPresent(lease -> yields.heard(over, lease, decision.events(), clock()));
            }
        } else if (content instanceof FakeFleet.Listed listed) {
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
            yields.sent(order, clock());
            transit.toWorker(order, open.sent(order, clock()));
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
            over.leases().forEach(lease -> fleet.workers()
                    .forEach(worker -> assertNull(worker.holds.get(lease), () -> lease + " overstays")));
        }
        if (event instanceof LedgerEvent.LeasesEnded over) {
            yields.ended(over);
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
        transit.keeperBegins();
        skewMillis = trouble ? random.nextInt(2 * CLOCK_MILLIS) - CLOCK_MILLIS : 0;
        Epoch before = book.epoch();
        apply(ledger.begin(book, Ledgers.NAME, clock()));
        assertEquals(before.next(), book.epoch());
        store(ledger.repeatEnds(book, live(), clock()));
    }

    /** Everything arrives, nothing fails, several ticks. */
    void calm() {
        trouble = false;
        transit.calm();
        transit.deliverAllToWorkers();
        transit.deliverAllToKeeper();
        for (int tick = 0; tick < 12; tick++) {
            passTime(1_000);
            transit.deliverAllToWorkers();
            transit.deliverAllToKeeper();
        }
        transit.deliverAllToWorkers(); // what the last answers led to
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

    /** Copies that there are of a lease beside a worker, on those that do not drain and in storage. */
    long elsewhere(Lease lease, FakeWorker worker) {
        long held = fleet.workers().stream()
                .filter(other -> other != worker && !other.draining && other.holds.containsKey(lease.id()))
                .count();
        long stored = lease.storedCopies().stream()
                .filter(copy -> fleet.storage.containsKey(copy.location()))
                .count();
        return held + stored;
    }

    boolean resident(Lease lease) {
        return fleet.workers().stream()
                .anyMatch(worker ->
                        worker.up && worker.resident.contains(lease.terms().prefix()));
    }

    private <T> T random(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
