package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.PREFIX;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.terms;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import kv.KvTier;
import kv.Receipt;
import org.junit.jupiter.api.Test;

/** R1: a hold ends at its deadline; no absolute time crosses the wire. */
class R1DeadlinesTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    @Test
    void anOrderCarriesWhatRemainsAndNeverATime() {
        ledgers.grant(terms(1, 1), MINUTE);
        assertEquals(MINUTE, Ledgers.hold(ledgers.orders.get(0)).hold().remaining());

        ledgers.now = ledgers.now.plusSeconds(20);
        ledgers.up(A, 2, HOLDS);
        assertEquals(
                Duration.ofSeconds(39),
                Ledgers.hold(ledgers.tick(SECOND).get(0)).hold().remaining());
    }

    @Test
    void aLeaseIsOverWhenEveryWorkerHasSurelyEndedItsHoldAndNobodyIsTold() {
        ledgers.heldAtHome(1);
        assertEquals(List.of(), ledgers.tick(MINUTE.plusMillis(1_999)));
        assertTrue(ledgers.book.lease(id(1)).isPresent());

        assertEquals(List.of(), ledgers.tick(Duration.ofMillis(1)));
        assertEquals(LeaseState.EXPIRED, ledgers.state(1));
    }

    @Test
    void aHoldGrantedForShorterIsAskedForAgainWhenItsTimeIsOver() {
        ledgers.grant(terms(1, 1), MINUTE);
        Duration tenSeconds = Duration.ofSeconds(10);
        ledgers.answer(
                A, 1, Step.Kind.HOLD, 1, new Receipt.Bounded(PREFIX, KvTier.DEVICE, tenSeconds, Receipt.Reason.BUDGET));
        assertEquals(LeaseState.HELD, ledgers.state(1));
        assertEquals(List.of(), ledgers.tick(tenSeconds));

        assertEquals(
                Duration.ofSeconds(47),
                Ledgers.hold(ledgers.tick(Duration.ofSeconds(3)).get(0)).hold().remaining());
    }

    @Test
    void aHoldThatEndsWithItsLeaseIsNotAskedForAgainAndKeepsItsReceipt() {
        ledgers.heldAtHome(1);
        ledgers.now = ledgers.book.lease(id(1)).orElseThrow().deadline();

        assertEquals(List.of(), ledgers.ends(A, 1, 1, Loss.EXPIRED, null).orders());

        ledgers.tick(SETTINGS.skewBound().plus(SECOND));
        Step step = ledgers.book.ended().iterator().next().steps().get(0);
        assertInstanceOf(Receipt.Accepted.class, step.receipt());
        assertEquals(Loss.EXPIRED, Objects.requireNonNull(step.ended()).reason());
    }

    @Test
    void aHoldIsCountedAsOverstayedWhenItsWorkerHasNotSaidThatItEnded() {
        ledgers.heldAtHome(1);
        ledgers.grant(terms(2, 1), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 2, Ledgers.ACCEPTED);
        ledgers.grant(terms(3, 1), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 3, new Receipt.Unsupported());
        ledgers.now = ledgers.now.plus(MINUTE);
        assertEquals(0, overstayed());
        ledgers.ends(A, 1, 2, Loss.EXPIRED, null);

        ledgers.now = ledgers.now.plus(SETTINGS.skewBound());
        assertEquals(1, overstayed());
        ledgers.tick(SECOND);
        assertEquals(0, overstayed(), "counted once");
    }

    @Test
    void aHoldOfAWorkerThatIsAwayMayOverstay() {
        ledgers.up(Ledgers.B, 1, HOLDS).grant(terms(1, 1), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, Ledgers.ACCEPTED);
        ledgers.down(A);
        ledgers.tick(SECOND);
        ledgers.now = ledgers.now.plus(MINUTE).plus(SETTINGS.skewBound());

        assertEquals(1, overstayed());
    }

    private int overstayed() {
        return ledgers.ledger.overstayed(ledgers.book, ledgers.ledger.sweep(ledgers.book, ledgers.live, ledgers.now));
    }

    @Test
    void aClockThatWentBackGrantsNoMoreThanTheLongestLease() {
        ledgers.heldAtHome(1);
        ledgers.now = ledgers.now.minus(Duration.ofDays(1));
        ledgers.up(A, 2, HOLDS);

        assertEquals(
                SETTINGS.maxLease(),
                Ledgers.hold(ledgers.tick(SECOND).get(0)).hold().remaining());
    }
}
