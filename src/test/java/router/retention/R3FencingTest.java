package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.life;
import static router.retention.Ledgers.terms;

import java.time.Duration;
import java.util.List;
import kv.Epoch;
import kv.StoredCopy;
import org.junit.jupiter.api.Test;

/** R3: what belongs to another epoch, is overtaken or repeated, changes nothing. */
class R3FencingTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    @Test
    void everyLifeHasAnEpochOfItsOwnBeforeItsFirstOrder() {
        ledgers.grant(terms(1, 1), MINUTE);
        assertEquals(new Epoch(1), Ledgers.hold(ledgers.orders.get(0)).hold().epoch());

        ledgers.begin();
        ledgers.up(A, 2, HOLDS);
        assertEquals(
                new Epoch(2), Ledgers.hold(ledgers.tick(SECOND).get(0)).hold().epoch());
    }

    @Test
    void answersOfEarlierEpochsAndOtherLivesHaveNoEffect() {
        ledgers.grant(terms(1, 1), MINUTE);
        ledgers.answer(A, 9, Step.Kind.HOLD, 1, ACCEPTED);
        assertEquals(LeaseState.REQUESTED, ledgers.state(1));

        ledgers.run(ledgers.receipts.answered(
                ledgers.book,
                new WorkerAnswer(A, id(1), new Epoch(0), life(1), Step.Kind.HOLD, 1, ACCEPTED, null),
                null,
                ledgers.live,
                ledgers.now));
        assertEquals(LeaseState.REQUESTED, ledgers.state(1));
    }

    @Test
    void ofTwoWordsOnOneHoldTheLaterCountsWhicheverComesFirst() {
        ledgers.grant(terms(1, 1), MINUTE);
        assertTrue(ledgers.open.hears(over(1, 1)), "it ended before it was known to have begun");
        assertFalse(ledgers.open.hears(accepted(1)));
        assertFalse(ledgers.open.hears(over(1, 1)), "once more");
        assertTrue(ledgers.open.hears(over(1, 2)));

        ledgers.open.sent(ledgers.orders.get(0), ledgers.now);
        assertFalse(ledgers.open.hears(over(1, 3)), "the new order's answer will tell");
        assertTrue(ledgers.open.hears(accepted(2)));
        assertFalse(ledgers.open.hears(accepted(1)));
    }

    @Test
    void whatWasSaidOfAnEarlierLeaseOfTheSameIdDoesNotCount() {
        ledgers.heldAtHome(1);
        long repeated = ledgers.open.sent(ledgers.orders.get(0), ledgers.now);
        Lease before = ledgers.lease(1);
        ledgers.end(1, EndReason.OWNER);
        ledgers.open.forget(before);
        assertFalse(ledgers.open.hears(accepted(1)), "its lease is over");
        ledgers.grant(terms(1, 1), MINUTE);

        assertFalse(ledgers.open.hears(over(1, 1)));
        assertFalse(ledgers.open.hears(accepted(repeated)));
        assertTrue(ledgers.open.hears(accepted(ledgers.number(Step.Kind.HOLD, A, 1))));
    }

    /** The old copy may be on its way out: as long as nobody had it, whoever looked into the storage took it for abandoned. */
    @Test
    void aCopyThatWasWrittenForAnEarlierLeaseOfTheSameIdIsNotTheNewOnes() {
        ledgers.up(A, 1, Ledgers.HOLDS_AND_COPIES);
        ledgers.heldAtHome(2);
        long before = ledgers.number(Step.Kind.COPY, A, 1);
        Lease ended = ledgers.lease(1);
        ledgers.end(1, EndReason.OWNER);
        ledgers.open.forget(ended);
        StoredCopy old = new StoredCopy("old", 1, 1, "m");
        assertFalse(ledgers.open.hears(copied(before, old)), "its lease is over");
        ledgers.heldAtHome(2);
        long asked = ledgers.number(Step.Kind.COPY, A, 1);
        assertTrue(asked > before);

        assertFalse(ledgers.open.hears(copied(before, old)));
        assertEquals(
                List.of(new WorkerOrder.DiscardCopy(A, "old")),
                ledgers.run(ledgers.receipts.overtaken(ledgers.book, copied(before, old), ledgers.live, ledgers.now))
                        .orders());

        StoredCopy young = new StoredCopy("young", 1, 1, "m");
        ledgers.answer(A, 1, Step.Kind.COPY, 1, ACCEPTED, young);
        assertEquals(List.of(young), ledgers.lease(1).storedCopies());
        assertFalse(ledgers.open.hears(copied(asked, young)), "once more");
        assertEquals(
                RetentionLedger.Decision.NOTHING,
                ledgers.receipts.overtaken(ledgers.book, copied(asked, young), ledgers.live, ledgers.now));
    }

    private WorkerAnswer copied(long order, StoredCopy copy) {
        return new WorkerAnswer(A, id(1), ledgers.book.epoch(), life(1), Step.Kind.COPY, order, ACCEPTED, copy);
    }

    @Test
    void whatIsLeftOfAHoldWhoseReceiptIsStillOnItsWayIsItsReceipt() {
        ledgers.grant(terms(1, 1), MINUTE);
        ledgers.ends(A, 1, 1, Loss.EVICTED, Ledgers.prefix(4));

        assertEquals(LeaseState.DEGRADED, ledgers.state(1));
        assertEquals(4, ledgers.lease(1).holders().get(0).blocks());
        assertEquals(
                ledgers.lease(1).deadline(), ledgers.lease(1).steps().get(0).until());
    }

    private WorkerAnswer accepted(long order) {
        return new WorkerAnswer(A, id(1), ledgers.book.epoch(), life(1), Step.Kind.HOLD, order, ACCEPTED, null);
    }

    private HoldOver over(long order, int change) {
        return new HoldOver(A, id(1), ledgers.book.epoch(), life(1), order, change, Loss.EVICTED, null);
    }

    @Test
    void aRepeatedAnswerIsNotRecordedAgain() {
        ledgers.heldAtHome(1);
        assertEquals(
                List.of(), ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED).events());
    }

    @Test
    void anUnansweredOrderIsRepeatedUntilAnswered() {
        ledgers.grant(terms(1, 1), MINUTE);
        assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(4)));
        assertEquals(1, ledgers.tick(SECOND).size());
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);

        // Accepted counts as of the first order: the second one may still be lost.
        assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(5)));
    }
}
