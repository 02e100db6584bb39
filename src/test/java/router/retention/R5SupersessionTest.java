package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.COPY;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.HOLDS_AND_COPIES;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.prefix;
import static router.retention.Ledgers.terms;

import inference.TenantId;
import java.util.List;
import kv.Epoch;
import kv.Prefix;
import org.junit.jupiter.api.Test;

/** R5: what is superseded is let go at once, shared ancestors stay. */
class R5SupersessionTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    @Test
    void aReleasedLeaseEndsItsHoldsAndCopiesAndNobodyElses() {
        ledgers.up(A, 1, HOLDS_AND_COPIES);
        Prefix ancestor = prefix(5);
        ledgers.grant(terms(2, Ledgers.ROOT, ancestor, 1, 50, 1, null, A), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 2, ACCEPTED);
        ledgers.heldAtHome(2);
        ledgers.answer(A, 1, Step.Kind.COPY, 1, ACCEPTED, COPY);

        List<WorkerOrder> orders = ledgers.end(1, EndReason.OWNER).orders();

        assertEquals(
                List.of(
                        new WorkerOrder.ReleaseHold(A, id(1), ledgers.book.epoch()),
                        new WorkerOrder.DiscardCopy(A, COPY.location())),
                orders);
        assertEquals(LeaseState.HELD, ledgers.state(2));
    }

    @Test
    void anAnswerThatComesAfterTheReleaseIsUndone() {
        ledgers.grant(terms(1, 1), MINUTE);
        ledgers.end(1, EndReason.OWNER);

        assertEquals(
                List.of(new WorkerOrder.ReleaseHold(A, id(1), ledgers.book.epoch())),
                ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED).orders());
        assertEquals(
                List.of(new WorkerOrder.DiscardCopy(A, COPY.location())),
                ledgers.answer(A, 1, Step.Kind.COPY, 1, ACCEPTED, COPY).orders());
    }

    @Test
    void aClosedRootReleasesItsTreeAndAClosedChildItself() {
        ledgers.grant(terms(1, 1), MINUTE);
        ledgers.grant(terms(2, Ledgers.CHILD, prefix(5), 1, 50, 1, null, A), MINUTE);
        ledgers.grant(terms(3, Ledgers.CHILD, prefix(6), 1, 50, 1, null, A), MINUTE);

        ledgers.run(ledgers.ledger.endSession(
                ledgers.book, TenantId.DEFAULT, Ledgers.ROOT, Ledgers.CHILD, ledgers.live, ledgers.now));
        assertEquals(1, ledgers.book.leases().size());
        ledgers.run(ledgers.ledger.endSession(
                ledgers.book, TenantId.DEFAULT, Ledgers.ROOT, Ledgers.ROOT, ledgers.live, ledgers.now));
        assertTrue(ledgers.book.leases().isEmpty());
        assertTrue(ledgers.book.ofRoot(TenantId.DEFAULT, Ledgers.ROOT).isEmpty());
    }

    @Test
    void whatEndedJustBeforeACrashIsUndoneAgainAfterIt() {
        ledgers.heldAtHome(1);
        ledgers.end(1, EndReason.OWNER);
        ledgers.begin();

        assertEquals(
                List.of(new WorkerOrder.ReleaseHold(A, id(1), new Epoch(2))),
                ledgers.ledger
                        .repeatEnds(ledgers.book, ledgers.live, ledgers.now)
                        .orders());
    }
}
