package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.PREFIX;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.life;
import static router.retention.Ledgers.prefix;
import static router.retention.Ledgers.terms;

import kv.WorkerId;
import org.junit.jupiter.api.Test;

/** What a ledger grants, renews and refuses, whatever the rule. */
class RetentionLedgerTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    @Test
    void anOrderThatWasSentAMomentLaterPromisesNoMoreThanTheLease() {
        ledgers.grant(terms(1, 1), MINUTE);
        OpenOrders late = new OpenOrders();
        late.sent(ledgers.orders.get(0), ledgers.now.plusNanos(1));
        ledgers.run(ledgers.receipts.answered(
                ledgers.book,
                new WorkerAnswer(A, id(1), ledgers.book.epoch(), life(1), Step.Kind.HOLD, 1, ACCEPTED, null),
                late.asked(id(1), A, life(1)).orElseThrow(),
                ledgers.live,
                ledgers.now));

        assertEquals(
                ledgers.lease(1).deadline(), ledgers.lease(1).steps().get(0).until());
    }

    @Test
    void renewingNeverShortensALease() {
        ledgers.grant(terms(1, 1), MINUTE);
        assertEquals(
                new LeaseAnswer.Granted(id(1), MINUTE, LeaseAnswer.Bound.NONE), ledgers.grant(terms(1, 1), SECOND));
    }

    @Test
    void anIdNamesOnePrefix() {
        ledgers.grant(terms(1, 1), MINUTE);
        assertEquals(
                new LeaseAnswer.Refused(id(1), LeaseAnswer.Refusal.ID_TAKEN),
                ledgers.grant(terms(1, Ledgers.ROOT, prefix(11), 1, 50, 1, null, A), MINUTE));
    }

    @Test
    void aLeaseThatNobodyCouldServeIsRefused() {
        WorkerId gone = new WorkerId("http://gone");
        assertEquals(
                new LeaseAnswer.Refused(id(1), LeaseAnswer.Refusal.NOWHERE),
                ledgers.grant(terms(1, Ledgers.ROOT, PREFIX, 1, 50, 1, null, gone), MINUTE));
    }
}
