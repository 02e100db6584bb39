package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.B;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.HOLDS_AND_COPIES;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.life;
import static router.retention.Ledgers.prefix;
import static router.retention.Ledgers.terms;

import java.util.List;
import kv.Receipt;
import org.junit.jupiter.api.Test;
import workers.status.WorkerState;

/** R7: claims of an engine's earlier life are void. */
class R7IncarnationsTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    @Test
    void whatAnEarlierLifeAcknowledgedIsVoidForEveryLeaseAtOnce() {
        ledgers.heldAtHome(1);
        ledgers.grant(terms(2, Ledgers.CHILD, prefix(5), 1, 50, 1, null, A), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 2, ACCEPTED);
        ledgers.up(A, 2, HOLDS);
        List<LedgerEvent> events = ledgers.run(ledgers.ledger.sweep(ledgers.book, ledgers.live, ledgers.now))
                .events();

        assertEquals(List.of(new LedgerEvent.WorkerVoided(A, life(2), Loss.INCARNATION_OVER, ledgers.now)), events);
        assertEquals(LeaseState.DEGRADED, ledgers.state(1));
        assertEquals(LeaseState.DEGRADED, ledgers.state(2));
    }

    @Test
    void aWorkerThatIsReachedAgainInTheSameLifeIsAskedAgain() {
        ledgers.heldAtHome(1);
        ledgers.state(A, WorkerState.UNREACHABLE).tick(SECOND);
        assertEquals(LeaseState.DEGRADED, ledgers.state(1));

        assertEquals(
                A,
                Ledgers.hold(ledgers.state(A, WorkerState.READY).tick(SECOND).get(0))
                        .worker());
    }

    @Test
    void aHolderThatTellsOfItsNextLifeIsAskedInItBeforeAnythingIsComputed() {
        ledgers.up(B, 1, HOLDS).heldAtHome(1);
        ledgers.ends(A, 1, 1, Loss.INCARNATION_OVER, null);

        assertEquals(List.of(), ledgers.tick(SECOND), "its next life is not known here yet");

        assertEquals(
                life(2),
                Ledgers.hold(ledgers.up(A, 2, HOLDS).tick(SECOND).get(0)).incarnation());
    }

    @Test
    void anOrderToAnEarlierLifeIsNoAnswerAboutWhatTheEngineHas() {
        ledgers.up(B, 1, HOLDS).grant(terms(1, 1), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION));

        assertEquals(
                List.of(A),
                ledgers.tick(SECOND).stream().map(WorkerOrder::worker).toList(),
                "it is asked again, and nobody else");

        List<WorkerOrder> next = ledgers.up(A, 2, HOLDS).tick(SECOND);
        assertEquals(1, next.size());
        assertEquals(life(2), Ledgers.hold(next.get(0)).incarnation());
    }

    /** A copy for a lease that ended was answered once the same id had a lease that wanted one, and its deletion was on its way. */
    @Test
    void aCopyForAnEarlierLeaseOfTheSameIdIsNotClaimed() {
        ledgers.up(A, 1, HOLDS_AND_COPIES).heldAtHome(2);
        long earlier = ledgers.number(Step.Kind.COPY, A, 1);
        Lease ending = ledgers.lease(1);
        ledgers.end(1, EndReason.OWNER);
        ledgers.open.forget(ending);
        ledgers.heldAtHome(2);
        assertTrue(ledgers.number(Step.Kind.COPY, A, 1) > earlier, "a copy is wanted again");
        WorkerAnswer late = new WorkerAnswer(
                A, id(1), ledgers.book.epoch(), life(1), Step.Kind.COPY, earlier, ACCEPTED, Ledgers.COPY);

        assertFalse(ledgers.open.hears(late));
        assertEquals(
                List.of(new WorkerOrder.DiscardCopy(A, Ledgers.COPY.location())),
                ledgers.run(ledgers.receipts.overtaken(ledgers.book, late, ledgers.live, ledgers.now))
                        .orders());
        assertEquals(List.of(), ledgers.lease(1).storedCopies());
    }
}
