package router.retention;

import inference.ConversationRef;
import inference.PromptFingerprint;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.LedgerId;
import kv.Prefix;
import kv.Receipt;
import kv.RetentionClass;
import kv.SequenceHash;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** A ledger with its book, its workers and its clock, and short names for what its tests speak of. */
public final class Ledgers {
    public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    public static final WorkerId A = new WorkerId("http://a");
    public static final WorkerId B = new WorkerId("http://b");
    public static final WorkerId C = new WorkerId("http://c");
    public static final Prefix PREFIX = prefix(10);
    public static final LedgerId NAME = new LedgerId(0x1e);
    public static final Duration MINUTE = Duration.ofMinutes(1);
    static final Duration SECOND = Duration.ofSeconds(1);
    public static final SessionId ROOT = new SessionId("root");
    public static final SessionId CHILD = new SessionId("child");
    /** Enough for anything but the tests of quotas. */
    public static final LedgerSettings SETTINGS = settings(1L << 50);

    static final EngineCapabilities HOLDS = new EngineCapabilities(true, null, 0);
    static final EngineCapabilities HOLDS_AND_COPIES = new EngineCapabilities(true, "format", 0);
    static final EngineCapabilities HOLDS_AND_PULLS =
            new EngineCapabilities(true, null, 0, new ColderTiers(0, 0, false, false, true));
    static final Receipt ACCEPTED = new Receipt.Accepted();
    static final Receipt NOT_RESIDENT = new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT);
    static final StoredCopy COPY = new StoredCopy("slot-1.bin", 10_240, 160, "m/q4");

    final RetentionLedger ledger;
    final Receipts receipts;
    final SharedLeases shared;
    final LedgerSettings settings;
    final OpenOrders open = new OpenOrders();
    final List<LedgerEvent> events = new ArrayList<>();
    final List<WorkerOrder> orders = new ArrayList<>();
    /** The last order for a hold by worker and lease, and what was said of it. */
    private final Map<String, Long> numbers = new HashMap<>();

    private final Map<String, Integer> changes = new HashMap<>();
    LeaseBook book;
    LiveWorkers live = LiveWorkers.UNKNOWN.complete();
    Instant now = START;

    Ledgers(LedgerSettings settings) {
        this.settings = settings;
        this.ledger = new RetentionLedger(settings);
        this.receipts = new Receipts(settings);
        this.shared = new SharedLeases(ledger, settings);
        this.book = new LeaseBook(settings);
        begin();
    }

    public static LedgerSettings settings(long tenantQuota) {
        return new LedgerSettings(
                Duration.ofHours(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                tenantQuota,
                2,
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                64);
    }

    public static Prefix prefix(int blocks) {
        return new Prefix(blocks, new SequenceHash(blocks));
    }

    public static LeaseId id(long number) {
        return new LeaseId(7, number);
    }

    static Incarnation life(long number) {
        return new Incarnation(1, number);
    }

    /** Terms with a home at A and a conversation, 1 KiB per block. */
    public static LeaseTerms terms(long number, int minCopies) {
        return terms(number, ROOT, PREFIX, minCopies, 50, 1.0, conversation(), A);
    }

    public static ConversationRef conversation() {
        return new ConversationRef(TenantId.DEFAULT, "m", new PromptFingerprint(1, 2));
    }

    public static LeaseTerms terms(
            long number,
            SessionId session,
            Prefix prefix,
            int minCopies,
            int priority,
            double density,
            @Nullable ConversationRef conversation,
            @Nullable WorkerId home) {
        return new LeaseTerms(
                id(number),
                TenantId.DEFAULT,
                ROOT,
                session,
                "m",
                prefix,
                16,
                1024,
                RetentionClass.HISTORY,
                priority,
                density,
                minCopies,
                List.of(KvTier.DEVICE, KvTier.DISK),
                conversation,
                home);
    }

    static LiveWorker worker(WorkerId id, long life, EngineCapabilities capabilities) {
        return new LiveWorker(
                id,
                life(life),
                WorkerState.READY,
                new EngineFacts(List.of("m"), 16, 100, 8192, 4, 10_000, capabilities),
                WorkerLoad.idle(100));
    }

    Ledgers up(WorkerId id, long life, EngineCapabilities capabilities) {
        live = live.with(worker(id, life, capabilities));
        return this;
    }

    Ledgers state(WorkerId id, WorkerState state) {
        LiveWorker known = live.find(id).orElseThrow();
        live = live.with(new LiveWorker(id, known.incarnation(), state, known.facts(), known.load()));
        return this;
    }

    Ledgers busy(WorkerId id, int requests) {
        LiveWorker known = live.find(id).orElseThrow();
        live = live.with(new LiveWorker(
                id, known.incarnation(), known.state(), known.facts(), new WorkerLoad(requests, 0, 0, 0, 0, 100, 0)));
        return this;
    }

    Ledgers waiting(WorkerId id, int requests) {
        LiveWorker known = live.find(id).orElseThrow();
        live = live.with(new LiveWorker(
                id, known.incarnation(), known.state(), known.facts(), new WorkerLoad(0, requests, 0, 0, 0, 100, 0)));
        return this;
    }

    Ledgers down(WorkerId id) {
        live = live.without(id);
        return this;
    }

    final void begin() {
        run(new RetentionLedger.Decision(List.of(ledger.begin(book, NAME, now)), List.of()));
    }

    /** Stores, applies, sends. */
    RetentionLedger.Decision run(RetentionLedger.Decision decision) {
        for (LedgerEvent event : decision.events()) {
            events.add(event);
            book.apply(event);
        }
        for (WorkerOrder order : decision.orders()) {
            orders.add(order);
            long number = open.sent(order, now);
            if (order instanceof WorkerOrder.PlaceHold place) {
                numbers.put(key(Step.Kind.HOLD, place.worker(), place.hold().lease()), number);
            } else if (order instanceof WorkerOrder.Copy copy) {
                numbers.put(key(Step.Kind.COPY, copy.worker(), copy.lease()), number);
            } else if (order instanceof WorkerOrder.Warm warm) {
                numbers.put(key(Step.Kind.WARM, warm.worker(), warm.lease()), number);
            }
        }
        return decision;
    }

    LeaseAnswer grant(LeaseTerms terms, Duration wanted) {
        RetentionLedger.Answered answered = ledger.grant(book, terms, wanted, live, now);
        run(answered.decision());
        return answered.answer();
    }

    /** Lease 1, acknowledged by its home. */
    void heldAtHome(int minCopies) {
        grant(terms(1, minCopies), MINUTE);
        answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
    }

    /** An order that is one to hold. */
    static WorkerOrder.PlaceHold hold(WorkerOrder order) {
        return Assertions.assertInstanceOf(WorkerOrder.PlaceHold.class, order);
    }

    LeaseAnswer join(LeaseTerms terms, SessionId owner, Duration wanted) {
        RetentionLedger.Answered answered = shared.join(book, terms, owner, wanted, live, now);
        run(answered.decision());
        return answered.answer();
    }

    RetentionLedger.Decision leave(long lease, SessionId owner) {
        return run(shared.leave(book, id(lease), owner, live, now));
    }

    RetentionLedger.Decision answer(WorkerId worker, long life, Step.Kind kind, long lease, Receipt receipt) {
        return answer(worker, life, kind, lease, receipt, null);
    }

    RetentionLedger.Decision answer(
            WorkerId worker, long life, Step.Kind kind, long lease, Receipt receipt, @Nullable StoredCopy copy) {
        Instant asked = open.asked(id(lease), worker, life(life)).orElse(null);
        WorkerAnswer answer = new WorkerAnswer(
                worker, id(lease), book.epoch(), life(life), kind, number(kind, worker, lease), receipt, copy);
        open.hears(answer);
        return run(receipts.answered(book, answer, asked, live, now));
    }

    /** Number of the last order of a kind that a worker was sent for a lease; 0 when there was none. */
    long number(Step.Kind kind, WorkerId worker, long lease) {
        return numbers.getOrDefault(key(kind, worker, id(lease)), 0L);
    }

    private static String key(Step.Kind kind, WorkerId worker, LeaseId lease) {
        return kind + " " + worker + " " + lease;
    }

    RetentionLedger.Decision ends(WorkerId worker, long life, long lease, Loss reason, @Nullable Prefix left) {
        Instant asked = open.asked(id(lease), worker, life(life)).orElse(null);
        long order = number(Step.Kind.HOLD, worker, lease);
        int change = changes.merge(worker + " " + lease + " " + order, 1, Integer::sum);
        HoldOver over = new HoldOver(worker, id(lease), book.epoch(), life(life), order, change, reason, left);
        open.hears(over);
        return run(receipts.holdEnded(book, over, asked, live, now));
    }

    RetentionLedger.Decision end(long lease, EndReason reason) {
        return run(ledger.end(book, id(lease), reason, live, now));
    }

    /** One tick: sweep, then repair; the orders of both. */
    List<WorkerOrder> tick(Duration later) {
        now = now.plus(later);
        List<WorkerOrder> sent =
                new ArrayList<>(run(ledger.sweep(book, live, now)).orders());
        sent.addAll(run(ledger.repair(book, live, open, now)).orders());
        return sent;
    }

    Lease lease(long number) {
        return book.lease(id(number))
                .or(() -> book.ended().stream()
                        .filter(ended -> ended.id().equals(id(number)))
                        .reduce((before, last) -> last))
                .orElseThrow();
    }

    LeaseState state(long number) {
        return lease(number).state();
    }

    EndReason ending(long number) {
        return Objects.requireNonNull(lease(number).ending()).reason();
    }

    /** Why the lease's first step ended. */
    Loss loss(long number) {
        return Objects.requireNonNull(lease(number).steps().get(0).ended()).reason();
    }
}
