package replay;

import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import kv.CacheOwner;
import kv.Epoch;
import kv.Incarnation;
import kv.LeaseId;
import kv.LedgerId;
import kv.PromptBlocks;
import kv.Receipt;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.placement.KeptPrefix;
import router.retention.EndReason;
import router.retention.HoldOver;
import router.retention.LeaseAnswer;
import router.retention.LeaseBook;
import router.retention.LeaseTerms;
import router.retention.LedgerEvent;
import router.retention.LiveWorker;
import router.retention.LiveWorkers;
import router.retention.Loss;
import router.retention.OpenOrders;
import router.retention.Receipts;
import router.retention.RetentionLedger;
import router.retention.Step;
import router.retention.WorkerAnswer;
import router.retention.WorkerOrder;
import workers.holds.HoldChange;

/**
 * The keeper of a replay's leases: production's ledger, whose orders and answers take the control delay each.
 *
 * <p>Thread-safety: confined to its run.
 */
final class LeaseDesk {
    private final EventQueue events;
    private final double delayMillis;
    private final double tickMillis;
    private final RetentionLedger ledger;
    private final Receipts receipts;
    private final LeaseBook book;
    private final OpenOrders open = new OpenOrders();
    private final Map<LeaseId, PromptBlocks> chains = new HashMap<>();
    private final RetentionFigures figures;
    private final DecisionLog log;
    private final List<WorkerHolds> workers;
    private LiveWorkers live = LiveWorkers.UNKNOWN.complete();
    private boolean ticking;

    LeaseDesk(
            EventQueue events,
            double delayMillis,
            RetentionRules rules,
            List<WorkerHolds> workers,
            RetentionFigures figures,
            DecisionLog log) {
        this.events = events;
        this.delayMillis = delayMillis;
        this.tickMillis = rules.tickMillis();
        this.workers = workers;
        this.figures = figures;
        this.log = log;
        ledger = new RetentionLedger(rules.ledger());
        receipts = new Receipts(rules.ledger());
        book = new LeaseBook(rules.ledger());
        book.apply(ledger.begin(book, new LedgerId(1), Instant.EPOCH));
    }

    void join(LiveWorker worker) {
        live = live.with(worker);
    }

    /** A session asks; what it asked for is known here after the control delay. */
    void ask(LeaseTerms terms, Duration remaining, PromptBlocks chain, double nowMillis) {
        figures.message();
        events.at(nowMillis + delayMillis, now -> {
            RetentionLedger.Answered answered = ledger.grant(book, terms, remaining, live, VirtualTime.instant(now));
            chains.put(terms.id(), chain);
            boolean granted = answered.answer() instanceof LeaseAnswer.Granted;
            figures.lease(granted);
            log.lease(now, terms, remaining, granted);
            act(answered.decision(), now);
            tickLater(now);
        });
    }

    /** A session needs a lease no longer. */
    void end(LeaseId lease, double nowMillis) {
        figures.message();
        events.at(nowMillis + delayMillis, now -> {
            act(ledger.end(book, lease, EndReason.OWNER, live, VirtualTime.instant(now)), now);
        });
    }

    /** A session is expected back. */
    void prefetch(LeaseId lease, double nowMillis) {
        figures.message();
        events.at(nowMillis + delayMillis, now -> act(ledger.prefetch(book, lease, live), now));
    }

    /** A session is away for long. */
    void demote(LeaseId lease, double nowMillis) {
        figures.message();
        events.at(nowMillis + delayMillis, now -> act(ledger.demote(book, lease, live), now));
    }

    /** A worker says that a hold is over, or less. */
    void holdOver(CacheOwner worker, HoldChange change, WorkerHolds.Word word, double nowMillis) {
        figures.message();
        log.holdOver(nowMillis, worker, change);
        events.at(nowMillis + delayMillis, now -> {
            HoldOver over = new HoldOver(
                    worker.worker(),
                    change.lease(),
                    change.epoch(),
                    worker.incarnation(),
                    word.order(),
                    word.change(),
                    Loss.valueOf(change.reason().name()),
                    change.left());
            Instant asked =
                    open.asked(over.lease(), over.worker(), over.incarnation()).orElse(null);
            if (open.hears(over)) {
                act(receipts.holdEnded(book, over, asked, live, VirtualTime.instant(now)), now);
            }
        });
    }

    /** What a session's leases keep of its next prompt, as the session is told when the turn begins. */
    KeptPrefix kept(String session, PromptBlocks prompt) {
        return KeptPrefix.of(book.ofRoot(TenantId.DEFAULT, new SessionId(session)), prompt);
    }

    private void act(RetentionLedger.Decision decision, double nowMillis) {
        for (LedgerEvent event : decision.events()) {
            if (event instanceof LedgerEvent.LeasesEnded over) {
                over.leases().forEach(lease -> forget(lease, over.reason(), nowMillis));
            }
            book.apply(event);
        }
        for (WorkerOrder order : decision.orders()) {
            figures.message();
            long number = open.sent(order, VirtualTime.instant(nowMillis));
            WorkerHolds worker = worker(order.worker());
            if (order instanceof WorkerOrder.PlaceHold place) {
                PromptBlocks chain =
                        Objects.requireNonNull(chains.get(place.hold().lease()), "an open lease's prompt");
                events.at(nowMillis + delayMillis, now -> hold(worker, place, number, chain, now));
            } else if (order instanceof WorkerOrder.ReleaseHold release) {
                events.at(
                        nowMillis + delayMillis, now -> worker.release(release.lease(), release.epoch(), number, now));
            } else if (order instanceof WorkerOrder.Prefetch prefetch) {
                PromptBlocks chain = Objects.requireNonNull(chains.get(prefetch.lease()), "an open lease's prompt");
                events.at(nowMillis + delayMillis, now -> prefetch(worker, prefetch, chain, now));
            } else if (order instanceof WorkerOrder.Demote demote) {
                PromptBlocks chain = Objects.requireNonNull(chains.get(demote.lease()), "an open lease's prompt");
                events.at(nowMillis + delayMillis, now -> demote(worker, demote, number, chain, now));
            }
        }
    }

    private void forget(LeaseId lease, EndReason reason, double nowMillis) {
        book.lease(lease).ifPresent(open::forget);
        chains.remove(lease);
        log.leaseOver(nowMillis, lease, reason);
    }

    private void hold(
            WorkerHolds worker, WorkerOrder.PlaceHold order, long number, PromptBlocks chain, double nowMillis) {
        Receipt receipt = worker.hold(order.hold(), number, chain, nowMillis);
        log.receipt(nowMillis, order, receipt);
        events.at(nowMillis + VirtualTime.millis(order.hold().remaining()), worker::tick);
        WorkerAnswer answer = answer(
                order.worker(),
                order.incarnation(),
                order.hold().lease(),
                order.hold().epoch(),
                number,
                receipt);
        tell(answer, nowMillis);
    }

    private void demote(
            WorkerHolds worker, WorkerOrder.Demote order, long number, PromptBlocks chain, double nowMillis) {
        Optional<Receipt> moved = worker.demote(order.lease(), order.epoch(), number, chain, nowMillis);
        log.demoted(nowMillis, order, moved.isPresent());
        moved.ifPresent(receipt -> tell(
                answer(order.worker(), order.incarnation(), order.lease(), order.epoch(), number, receipt), nowMillis));
    }

    private void prefetch(WorkerHolds worker, WorkerOrder.Prefetch order, PromptBlocks chain, double nowMillis) {
        int blocks = worker.prefetch(order.lease(), order.epoch(), chain, nowMillis);
        log.prefetched(nowMillis, order, blocks);
    }

    private static WorkerAnswer answer(
            WorkerId worker, Incarnation incarnation, LeaseId lease, Epoch epoch, long order, Receipt receipt) {
        return new WorkerAnswer(worker, lease, epoch, incarnation, Step.Kind.HOLD, order, receipt, null);
    }

    private void tell(WorkerAnswer answer, double nowMillis) {
        figures.message();
        events.at(nowMillis + delayMillis, now -> answered(answer, now));
    }

    private void answered(WorkerAnswer answer, double nowMillis) {
        @Nullable
        Instant asked = open.asked(answer.lease(), answer.worker(), answer.incarnation())
                .orElse(null);
        Instant at = VirtualTime.instant(nowMillis);
        act(
                open.hears(answer)
                        ? receipts.answered(book, answer, asked, live, at)
                        : receipts.overtaken(book, answer, live, at),
                nowMillis);
    }

    private void tickLater(double nowMillis) {
        if (!ticking && !book.leases().isEmpty()) {
            ticking = true;
            events.at(nowMillis + tickMillis, this::tick);
        }
    }

    private void tick(double nowMillis) {
        ticking = false;
        Instant now = VirtualTime.instant(nowMillis);
        act(ledger.sweep(book, live, now), nowMillis);
        act(ledger.repair(book, live, open, now), nowMillis);
        tickLater(nowMillis);
    }

    private WorkerHolds worker(WorkerId id) {
        return workers.get((int) live.find(id).orElseThrow().incarnation().low());
    }
}
