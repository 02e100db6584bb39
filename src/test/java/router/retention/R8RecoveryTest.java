package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.B;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.PREFIX;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.life;
import static router.retention.Ledgers.terms;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** R8: a new life of the keeper asks for everything again. */
class R8RecoveryTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    @Test
    void everyHoldIsAskedForAgainInTheNewLifeAndAwaitedUntilAcknowledged() {
        ledgers.heldAtHome(1);
        OpenOrders nextLife = new OpenOrders();
        ledgers.begin();
        assertTrue(RetentionLedger.awaitsReassertion(ledgers.lease(1), nextLife));
        assertFalse(RetentionLedger.awaitsReassertion(ledgers.lease(1), ledgers.open));

        Instant later = ledgers.now.plusSeconds(10);
        List<WorkerOrder> orders = ledgers.ledger
                .repair(ledgers.book, ledgers.live, nextLife, later)
                .orders();
        assertEquals(Duration.ofSeconds(50), Ledgers.hold(orders.get(0)).hold().remaining());

        long number = nextLife.sent(orders.get(0), later);
        assertTrue(RetentionLedger.awaitsReassertion(ledgers.lease(1), nextLife));
        nextLife.hears(
                new WorkerAnswer(A, id(1), ledgers.book.epoch(), life(1), Step.Kind.HOLD, number, ACCEPTED, null));
        assertFalse(RetentionLedger.awaitsReassertion(ledgers.lease(1), nextLife));
    }

    @Test
    void aHolderThatIsGoneIsReportedAndNotAwaited() {
        ledgers.heldAtHome(1);
        ledgers.begin();
        ledgers.down(A).tick(SECOND);

        assertFalse(RetentionLedger.awaitsReassertion(ledgers.lease(1), new OpenOrders()));
        assertEquals(Loss.UNREACHABLE, ledgers.loss(1));
    }

    @Test
    void aRenewedLeaseIsAskedForAsLongAndCountsAsHeldMeanwhile() {
        ledgers.heldAtHome(1);
        ledgers.now = ledgers.now.plusSeconds(30);
        ledgers.grant(terms(1, 1), MINUTE);
        assertEquals(LeaseState.HELD, ledgers.state(1));
        assertEquals(MINUTE, Ledgers.hold(ledgers.orders.get(1)).hold().remaining());
        assertEquals(
                ledgers.now.plusSeconds(30), ledgers.lease(1).steps().get(0).until(), "as acknowledged");

        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        assertEquals(
                ledgers.lease(1).deadline(), ledgers.lease(1).steps().get(0).until());
    }

    @Test
    void whatAWorkerHoldsWhoseNodeDiedIsNotComputedElsewhereWhileItMayBeBack() {
        ledgers.up(B, 1, HOLDS);
        ledgers.heldAtHome(1);
        ledgers.live = ledgers.live.missing(A);
        assertEquals(List.of(), ledgers.tick(SECOND));
        assertEquals(LeaseState.HELD, ledgers.state(1));

        ledgers.up(A, 2, HOLDS);
        assertEquals(A, Ledgers.hold(ledgers.tick(SECOND).get(0)).worker());
    }

    @Test
    void whatItHeldIsComputedElsewhereOnceItIsGone() {
        ledgers.up(B, 1, HOLDS);
        ledgers.heldAtHome(1);
        ledgers.live = ledgers.live.missing(A);
        ledgers.tick(SECOND);
        ledgers.down(A);

        assertEquals(
                B,
                assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0))
                        .worker());
    }

    @Test
    void aLeaseAtHomeOfAWorkerThatMayBeBackIsGranted() {
        ledgers.live = ledgers.live.missing(A);
        assertInstanceOf(
                LeaseAnswer.Granted.class, ledgers.grant(terms(1, Ledgers.ROOT, PREFIX, 1, 50, 1, null, A), MINUTE));
    }
}
