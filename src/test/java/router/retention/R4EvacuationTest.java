package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.B;
import static router.retention.Ledgers.COPY;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.HOLDS_AND_COPIES;
import static router.retention.Ledgers.HOLDS_AND_PULLS;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.PREFIX;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.terms;

import java.util.List;
import org.junit.jupiter.api.Test;
import workers.status.EngineCapabilities;
import workers.status.WorkerState;

/** R4: what a draining worker holds is moved elsewhere first, and what cannot be is named. */
class R4EvacuationTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    @Test
    void aDrainingWorkersLeasesAreCopiedElsewhereWhileItStillHoldsThem() {
        ledgers.heldAtHome(1);
        ledgers.up(B, 1, HOLDS).state(A, WorkerState.DRAINING);

        assertEquals(
                B,
                assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0))
                        .worker());
        assertEquals(LeaseState.HELD, ledgers.state(1));
        assertEquals(new Evacuation(0, 1, 0, List.of()), evacuation());

        ledgers.answer(B, 1, Step.Kind.WARM, 1, ACCEPTED);
        ledgers.answer(B, 1, Step.Kind.HOLD, 1, ACCEPTED);

        assertEquals(new Evacuation(1, 0, 0, List.of()), evacuation());
        assertEquals(List.of(new WorkerOrder.ReleaseHold(A, id(1), ledgers.book.epoch())), ledgers.tick(SECOND));
        assertEquals(Loss.MOVED, ledgers.loss(1));
        assertEquals(LeaseState.HELD, ledgers.state(1));
        assertEquals(new Evacuation(1, 0, 0, List.of()), evacuation());
    }

    @Test
    void whatIsMovedIsPulledFromTheDrainingWorkerWhereBothEnginesCan() {
        assertEquals(A, evacuated(HOLDS_AND_PULLS, HOLDS_AND_PULLS).source());
        assertNull(evacuated(HOLDS_AND_PULLS, HOLDS).source());
        assertNull(evacuated(HOLDS, HOLDS_AND_PULLS).source());
    }

    @Test
    void whatATurnLeftOnADrainingWorkerIsPulledFromItAlthoughItHoldsNothingNew() {
        Ledgers fleet = new Ledgers(SETTINGS).up(A, 1, HOLDS_AND_PULLS).up(B, 1, HOLDS_AND_PULLS);
        fleet.state(A, WorkerState.DRAINING);
        fleet.grant(terms(1, 1), MINUTE);

        assertEquals(A, warmedAtB(fleet).source());
    }

    @Test
    void whatADrainingWorkerHasNotAnsweredForYetIsPulledFromIt() {
        Ledgers fleet = new Ledgers(SETTINGS).up(A, 1, HOLDS_AND_PULLS).up(B, 1, HOLDS_AND_PULLS);
        fleet.grant(terms(1, 1), MINUTE);
        fleet.state(A, WorkerState.DRAINING);

        assertEquals(A, warmedAtB(fleet).source());
    }

    private static WorkerOrder.Warm warmedAtB(Ledgers fleet) {
        WorkerOrder.Warm warm =
                assertInstanceOf(WorkerOrder.Warm.class, fleet.tick(SECOND).get(0));
        assertEquals(B, warm.worker());
        return warm;
    }

    /** How a lease that A holds is brought to B. */
    private static WorkerOrder.Warm evacuated(EngineCapabilities a, EngineCapabilities b) {
        Ledgers fleet = new Ledgers(SETTINGS).up(A, 1, a);
        fleet.heldAtHome(1);
        fleet.up(B, 1, b).state(A, WorkerState.DRAINING);
        return warmedAtB(fleet);
    }

    private Evacuation evacuation() {
        return ledgers.ledger.evacuation(ledgers.book, ledgers.live, A);
    }

    @Test
    void whatNobodyElseCanTakeStaysOnTheDrainingWorkerAndIsNamed() {
        ledgers.grant(terms(1, Ledgers.ROOT, PREFIX, 1, 50, 1, null, A), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        ledgers.up(B, 1, HOLDS).state(A, WorkerState.DRAINING);

        assertEquals(List.of(), ledgers.tick(SECOND));
        assertEquals(LeaseState.HELD, ledgers.state(1));
        assertEquals(new Evacuation(0, 0, 1, List.of(new Evacuation.Stuck(id(1), Ledgers.ROOT, 10))), evacuation());
    }

    @Test
    void whatWasComputedOnADrainingWorkerCountsAsThereAlthoughItHoldsNothingNew() {
        ledgers.up(A, 1, HOLDS_AND_COPIES).up(B, 1, HOLDS).state(A, WorkerState.DRAINING);
        ledgers.grant(terms(1, 1), MINUTE);

        assertEquals(
                A,
                assertInstanceOf(WorkerOrder.Copy.class, ledgers.orders.get(0)).worker());
        assertEquals(new Evacuation(0, 1, 0, List.of()), evacuation());

        ledgers.answer(A, 1, Step.Kind.COPY, 1, ACCEPTED, COPY);
        assertEquals(new Evacuation(1, 0, 0, List.of()), evacuation());
    }

    @Test
    void aWorkerThatDrainsNoLongerMayHoldAgain() {
        aDrainingWorkersLeasesAreCopiedElsewhereWhileItStillHoldsThem();
        ledgers.state(A, WorkerState.READY).down(B);

        assertEquals(A, Ledgers.hold(ledgers.tick(SECOND).get(0)).worker());
    }
}
