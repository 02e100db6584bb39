package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.B;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.terms;

import java.time.Duration;
import java.util.List;
import kv.Receipt;
import org.junit.jupiter.api.Test;
import workers.status.EngineCapabilities;

/** R4: engines that cannot hold are touched, and never said to hold. */
class R4TouchTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    @Test
    void anEngineThatCannotHoldLeavesTheLeaseDegradedAndIsNotReplaced() {
        ledgers.up(A, 1, EngineCapabilities.NONE).up(B, 1, EngineCapabilities.NONE);
        ledgers.grant(terms(1, 1), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Unsupported());

        assertEquals(LeaseState.DEGRADED, ledgers.state(1));
        assertEquals(List.of(), ledgers.tick(SECOND));
        assertEquals(List.of(), ledgers.lease(1).lost(), "it is there, only unprotected");
    }

    @Test
    void anEngineThatCannotHoldIsTouchedWhileNothingWaitsThereAndNeverSaidToHold() {
        ledgers.up(A, 1, EngineCapabilities.NONE);
        ledgers.grant(terms(1, 1), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Unsupported());
        assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(9)));

        ledgers.waiting(A, 1);
        assertEquals(List.of(), ledgers.tick(SECOND), "requests that wait come first");
        ledgers.waiting(A, 0);
        assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0));
        ledgers.answer(A, 1, Step.Kind.WARM, 1, ACCEPTED);

        assertEquals(LeaseState.DEGRADED, ledgers.state(1), "what was computed is not held");
        assertEquals(
                new Receipt.Unsupported(),
                ledgers.lease(1).step(Step.Kind.HOLD, A).orElseThrow().receipt());
        assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(9)));
        assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0), "again");
    }

    @Test
    void onEnginesThatCannotHoldASecondCopyIsComputedElsewhereAndBothAreTouched() {
        ledgers.up(A, 1, EngineCapabilities.NONE).up(B, 1, EngineCapabilities.NONE);
        ledgers.grant(terms(1, 2), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Unsupported());
        assertEquals(
                B,
                assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0))
                        .worker());
        ledgers.answer(B, 1, Step.Kind.WARM, 1, ACCEPTED);
        ledgers.answer(B, 1, Step.Kind.HOLD, 1, new Receipt.Unsupported());

        assertEquals(2, ledgers.tick(Duration.ofSeconds(11)).size());
    }

    @Test
    void anEngineThatCannotComputeAheadEitherIsNotAskedAgain() {
        ledgers.up(A, 1, EngineCapabilities.NONE);
        ledgers.grant(terms(1, 1), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Unsupported());
        assertEquals(1, ledgers.tick(Duration.ofSeconds(10)).size());

        ledgers.answer(A, 1, Step.Kind.WARM, 1, new Receipt.Unsupported());

        assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(20)));
    }
}
