package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.B;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.PREFIX;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.life;
import static router.retention.Ledgers.prefix;
import static router.retention.Ledgers.terms;

import java.util.List;
import kv.KvTier;
import kv.Prefix;
import kv.Receipt;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.WorkerState;

/** What is held below a device is ordered there ahead of its session, and nothing else is. */
class PrefetchTest {
    private static final EngineCapabilities TIERED =
            new EngineCapabilities(true, null, 0, new ColderTiers(100, 0, true, true, false));

    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, TIERED);

    private static Receipt inHost(Prefix kept) {
        return new Receipt.Bounded(kept, KvTier.HOST, MINUTE, Receipt.Reason.BUDGET);
    }

    private void askedAt(WorkerId... workers) {
        ledgers.grant(terms(1, workers.length), MINUTE);
        assertEquals(List.of(), prefetched(), "nobody has acknowledged anything");
    }

    private List<WorkerOrder> prefetched() {
        RetentionLedger.Decision decision = ledgers.ledger.prefetch(ledgers.book, id(1), ledgers.live);
        assertEquals(List.of(), decision.events());
        return decision.orders();
    }

    private WorkerOrder order(WorkerId worker) {
        return new WorkerOrder.Prefetch(worker, life(1), id(1), ledgers.book.epoch());
    }

    @Test
    void onlyWhatLiesInAColderTierIsBroughtToTheDevice() {
        askedAt(A);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        assertEquals(List.of(), prefetched());

        ledgers.end(1, EndReason.OWNER);
        ledgers.grant(terms(1, 1), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, inHost(PREFIX));
        assertEquals(List.of(order(A)), prefetched());
        assertEquals(List.of(order(A)), prefetched(), "nothing is remembered of it");

        ledgers.end(1, EndReason.OWNER);
        assertEquals(List.of(), prefetched());
    }

    @Test
    void aPartOfAPrefixOnTheDeviceIsNoReasonToMoveIt() {
        askedAt(A);
        Receipt part = new Receipt.Bounded(prefix(5), KvTier.DEVICE, MINUTE, Receipt.Reason.BUDGET);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, part);
        assertEquals(List.of(), prefetched());
    }

    @Test
    void ofTwoHoldersTheOneThatKeepsMoreIsToldAndNoneWhileOneKeepsAllOnItsDevice() {
        ledgers.up(B, 1, TIERED);
        askedAt(A, B);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, inHost(prefix(5)));
        ledgers.tick(Ledgers.SECOND);
        ledgers.answer(B, 1, Step.Kind.WARM, 1, ACCEPTED);
        assertEquals(List.of(order(A)), prefetched());
        ledgers.answer(B, 1, Step.Kind.HOLD, 1, inHost(PREFIX));
        assertEquals(List.of(order(B)), prefetched());

        ledgers.answer(B, 1, Step.Kind.HOLD, 1, ACCEPTED);
        assertEquals(List.of(), prefetched());
    }

    @Test
    void aHoldThatEndedAWorkerOutOfReachOneInAnotherLifeAndOneThatCannotAreToldNothing() {
        askedAt(A);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, inHost(PREFIX));
        ledgers.state(A, WorkerState.UNREACHABLE);
        assertEquals(List.of(), prefetched());
        ledgers.up(A, 2, TIERED);
        assertEquals(List.of(), prefetched());
        ledgers.up(A, 1, Ledgers.HOLDS);
        assertEquals(List.of(), prefetched());
        ledgers.up(A, 1, TIERED);
        assertEquals(List.of(order(A)), prefetched());
        ledgers.ends(A, 1, 1, Loss.EVICTED, null);
        assertEquals(List.of(), prefetched());
    }
}
