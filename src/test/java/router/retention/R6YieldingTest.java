package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.B;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;

import java.util.List;
import org.junit.jupiter.api.Test;

/** R6: holds yield to running turns, each with its reason. */
class R6YieldingTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    @Test
    void aLeaseWhoseLastHoldYieldedIsRevokedWithTheReason() {
        ledgers.heldAtHome(1);
        ledgers.ends(A, 1, 1, Loss.REVOKED_UNDER_PRESSURE, null);

        assertEquals(EndReason.WORKER, ledgers.ending(1));
        assertEquals(Loss.REVOKED_UNDER_PRESSURE, ledgers.loss(1));
    }

    @Test
    void aLeaseWithAnotherHolderIsNotAndIsNotPutBackWhereItYielded() {
        ledgers.up(B, 1, HOLDS);
        ledgers.heldAtHome(2);
        ledgers.tick(SECOND);
        ledgers.answer(B, 1, Step.Kind.WARM, 1, ACCEPTED);
        ledgers.answer(B, 1, Step.Kind.HOLD, 1, ACCEPTED);
        ledgers.ends(A, 1, 1, Loss.REVOKED_FOR_DENSER, null);

        assertEquals(LeaseState.DEGRADED, ledgers.state(1));
        assertEquals(List.of(), ledgers.tick(SECOND));
    }

    @Test
    void aLeaseWhoseLastHoldYieldedIsRevokedThoughTheClockWasAheadWhenAnotherEnded() {
        ledgers.up(B, 1, HOLDS);
        ledgers.heldAtHome(2);
        ledgers.tick(SECOND);
        ledgers.answer(B, 1, Step.Kind.WARM, 1, ACCEPTED);
        ledgers.answer(B, 1, Step.Kind.HOLD, 1, ACCEPTED);
        ledgers.down(B).tick(SECOND);
        ledgers.now = ledgers.now.minus(SECOND);
        ledgers.ends(A, 1, 1, Loss.REVOKED_UNDER_PRESSURE, null);

        assertEquals(EndReason.WORKER, ledgers.ending(1));
    }
}
