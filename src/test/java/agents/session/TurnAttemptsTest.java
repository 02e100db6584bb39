package agents.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import java.util.Set;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TurnAttemptsTest {
    private static final WorkerId A = new WorkerId("http://a");
    private static final WorkerId B = new WorkerId("http://b");
    private static final InferenceFailure DIED = InferenceFailure.of(Kind.ENGINE_FAILED, "died");
    private static final InferenceFailure BUSY = InferenceFailure.of(Kind.OVERLOADED, "busy");

    private final TurnAttempts attempts = new TurnAttempts(2);

    @Test
    void bothFullAndLostWorkersAreExcluded() {
        attempts.full(A);
        attempts.lost(B, DIED);

        assertEquals(Set.of(A, B), attempts.excluded());
    }

    @Test
    void onlyFullWorkersAreForgiven() {
        assertFalse(attempts.forgiveFull());
        attempts.full(A);
        attempts.lost(B, DIED);

        assertTrue(attempts.forgiveFull());
        assertEquals(Set.of(B), attempts.excluded());
        assertFalse(attempts.forgiveFull());
    }

    @Test
    void placementsAreCounted() {
        assertTrue(attempts.mayPlace());
        attempts.placed();
        assertTrue(attempts.mayPlace());
        attempts.placed();
        assertFalse(attempts.mayPlace());
        assertEquals(2, attempts.placements());
    }

    @Test
    void aLossExplainsMoreThanAnEmptyFleet() {
        assertEquals(BUSY, attempts.failureOr(BUSY));
        attempts.lost(A, DIED);
        assertEquals(DIED, attempts.failureOr(BUSY));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void whatTheRequestItselfCausedIsNeverTriedElsewhere(Kind kind) {
        boolean curable = TurnAttempts.curable(kind);

        assertEquals(
                Set.of(Kind.ENGINE_FAILED, Kind.OVERLOADED, Kind.RATE_LIMITED, Kind.TIMEOUT)
                        .contains(kind),
                curable);
        assertFalse(curable && TurnOutcome.of(kind) == TurnOutcome.REJECTED);
    }
}
