package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.MINUTE;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import kv.KvTier;
import kv.Receipt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole table: every state of a lease that wants one copy against everything that can happen to it. */
class LeaseStateTest {

    private static Ledgers in(LeaseState state) {
        Ledgers ledgers = new Ledgers(Ledgers.SETTINGS).up(A, 1, HOLDS);
        ledgers.grant(Ledgers.terms(1, 1), MINUTE);
        switch (state) {
            case REQUESTED -> {}
            case HELD -> ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
            case DEGRADED -> ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Rejected(Receipt.Reason.BUDGET));
            case EXPIRED -> ledgers.tick(MINUTE.plusSeconds(3));
            case RELEASED -> ledgers.end(1, EndReason.OWNER);
            case REVOKED -> ledgers.end(1, EndReason.OPERATOR);
            case LOST -> ledgers.end(1, EndReason.NOTHING_LEFT);
        }
        assertEquals(state, ledgers.state(1));
        return ledgers;
    }

    private static void happens(String what, Ledgers ledgers) {
        switch (what) {
            case "accepted" -> ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
            case "shallower" ->
                ledgers.answer(
                        A,
                        1,
                        Step.Kind.HOLD,
                        1,
                        new Receipt.Bounded(Ledgers.prefix(4), KvTier.DEVICE, MINUTE, Receipt.Reason.BUDGET));
            case "accepted anew" -> {
                happens("worker anew", ledgers);
                ledgers.answer(A, 2, Step.Kind.HOLD, 1, ACCEPTED);
            }
            case "less anew" -> {
                happens("worker anew", ledgers);
                ledgers.answer(
                        A,
                        2,
                        Step.Kind.HOLD,
                        1,
                        new Receipt.Bounded(Ledgers.prefix(4), KvTier.DEVICE, MINUTE, Receipt.Reason.BUDGET));
            }
            case "no budget" -> ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Rejected(Receipt.Reason.BUDGET));
            case "not resident" ->
                ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT));
            case "deferred" ->
                ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Deferred(MINUTE, Receipt.Reason.BUSY));
            case "evicted" -> ledgers.ends(A, 1, 1, Loss.EVICTED, null);
            case "revoked" -> ledgers.ends(A, 1, 1, Loss.REVOKED_FOR_DENSER, null);
            case "worker gone" -> ledgers.down(A).tick(Duration.ofSeconds(1));
            case "worker anew" -> ledgers.up(A, 2, HOLDS).tick(Duration.ofSeconds(1));
            case "renewed" -> ledgers.grant(Ledgers.terms(1, 1), MINUTE);
            case "released" -> ledgers.end(1, EndReason.OWNER);
            case "operator" -> ledgers.end(1, EndReason.OPERATOR);
            case "deadline" -> ledgers.tick(MINUTE.plusSeconds(3));
            default -> throw new IllegalArgumentException(what);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        // what,        REQUESTED, HELD,     DEGRADED
        "accepted,      HELD,      HELD,     HELD",
        "accepted anew, HELD,      HELD,     HELD",
        "shallower,     DEGRADED,  DEGRADED, DEGRADED",
        "less anew,     DEGRADED,  DEGRADED, DEGRADED",
        "no budget,     DEGRADED,  DEGRADED, DEGRADED",
        "not resident,  DEGRADED,  DEGRADED, DEGRADED",
        "deferred,      DEGRADED,  DEGRADED, DEGRADED",
        "evicted,       DEGRADED,  DEGRADED, DEGRADED",
        "revoked,       REVOKED,   REVOKED,  REVOKED",
        "worker gone,   DEGRADED,  DEGRADED, DEGRADED",
        "worker anew,   DEGRADED,  DEGRADED, DEGRADED",
        "renewed,       REQUESTED, HELD,     DEGRADED",
        "released,      RELEASED,  RELEASED, RELEASED",
        "operator,      REVOKED,   REVOKED,  REVOKED",
        "deadline,      EXPIRED,   EXPIRED,  EXPIRED"
    })
    void anOpenLeaseMovesAsDocumented(String what, LeaseState requested, LeaseState held, LeaseState degraded) {
        Set<LeaseState> from = EnumSet.of(LeaseState.REQUESTED, LeaseState.HELD, LeaseState.DEGRADED);
        for (LeaseState state : from) {
            Ledgers ledgers = in(state);
            happens(what, ledgers);
            LeaseState expected =
                    switch (state) {
                        case REQUESTED -> requested;
                        case HELD -> held;
                        default -> degraded;
                    };
            assertEquals(expected, ledgers.state(1), state + " and then " + what);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "accepted",
        "shallower",
        "no budget",
        "not resident",
        "deferred",
        "evicted",
        "revoked",
        "worker gone",
        "worker anew",
        "released",
        "operator",
        "deadline"
    })
    void nothingBringsAnEndedLeaseBack(String what) {
        for (LeaseState state :
                EnumSet.of(LeaseState.EXPIRED, LeaseState.RELEASED, LeaseState.REVOKED, LeaseState.LOST)) {
            Ledgers ledgers = in(state);
            happens(what, ledgers);
            assertEquals(state, ledgers.state(1), state + " and then " + what);
        }
    }

    @Test
    void aLeaseWithoutTextIsLostWithItsLastHolder() {
        Ledgers ledgers = new Ledgers(Ledgers.SETTINGS).up(A, 1, HOLDS);
        ledgers.grant(Ledgers.terms(1, Ledgers.ROOT, Ledgers.PREFIX, 1, 50, 1, null, A), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);

        ledgers.ends(A, 1, 1, Loss.EVICTED, Ledgers.prefix(3));
        assertEquals(LeaseState.DEGRADED, ledgers.state(1), "the worker keeps what is left");
        assertEquals(List.of(new BlockRange(3, 10)), ledgers.lease(1).lost());

        ledgers.ends(A, 1, 1, Loss.EVICTED, null);
        assertEquals(LeaseState.LOST, ledgers.state(1));
        assertEquals(List.of(new BlockRange(0, 10)), ledgers.lease(1).lost());
    }
}
