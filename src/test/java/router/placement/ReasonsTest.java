package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import inference.PlacementReason;
import inference.TurnId;
import java.util.List;
import java.util.Set;
import kv.WorkerId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** Why a turn that ran on A before runs where it does. */
class ReasonsTest extends PlacerFixture {
    private final Placer placer = placer("least-loaded");

    @BeforeEach
    void join() {
        join(placer, A, B);
    }

    private static RouteRequest returning(WorkerId... excluded) {
        RouteRequest plain = request("returning", 1, 2);
        return new RouteRequest(
                plain.turn(),
                plain.model(),
                plain.affinity(),
                plain.blocks(),
                plain.inputTokens(),
                plain.expectedOutputTokens(),
                0,
                0,
                A,
                2,
                KeptPrefix.NOTHING,
                AnswerExtras.NONE,
                Set.of(excluded)::contains);
    }

    /** Another turn, for which a worker is the only one. */
    private void runs(String turn, WorkerId instead) {
        placer.route(request(turn, 0, Set.of(instead), 7), 0, 0);
    }

    private static PlacementReason reason(Decision decision) {
        return assertInstanceOf(Decision.Placed.class, decision).placement().reason();
    }

    private PlacementReason moved() {
        Decision decision = placer.route(returning(), 0, 0);
        assertEquals(B, worker(decision));
        return reason(decision);
    }

    @Test
    void aLineThatRanNowhereIsNew() {
        assertEquals(PlacementReason.NEW, reason(placer.route(request("first", 1), 0, 0)));
    }

    @Test
    void aTurnThatStaysIsKeptOrHasWaited() {
        runs("one", A);
        assertEquals(PlacementReason.KEPT, reason(placer.route(returning(), 0, 0)));

        placer.release(new TurnId("returning"), 0);
        runs("two", A);
        runs("three", B);
        runs("four", B);
        assertInstanceOf(Decision.Queued.class, placer.route(returning(), 0, 0));
        placer.release(new TurnId("four"), SECOND);
        List<Resolved> resolved = placer.drain(SECOND);
        assertEquals(A, worker(resolved.get(0).decision()));
        assertEquals(PlacementReason.WAITED, reason(resolved.get(0).decision()));
    }

    @Test
    void aWorkerThatIsAwayOrUnreachableIsLost() {
        placer.update(A, WorkerState.UNREACHABLE, WorkerLoad.idle(100));
        assertEquals(PlacementReason.HOLDER_LOST, moved());
        placer.lost(A);
        assertEquals(PlacementReason.HOLDER_LOST, moved());
    }

    @Test
    void aWorkerThatDrainsIsLeft() {
        placer.update(A, WorkerState.DRAINING, WorkerLoad.idle(100));
        assertEquals(PlacementReason.DRAINED, moved());
    }

    @Test
    void aWorkerThatServesTheTurnNoLongerIsUnfit() {
        placer.join(
                A,
                LIFE,
                new EngineFacts(List.of("other"), BLOCK, 100, 8192, 2, 10_000, EngineCapabilities.NONE),
                WorkerState.READY,
                WorkerLoad.idle(100));
        assertEquals(PlacementReason.UNFIT, moved());
    }

    @Test
    void aWorkerThatRefusedTheTurnIsNotTakenForLost() {
        placer.lost(A);
        assertEquals(PlacementReason.REFUSED, reason(placer.route(returning(A), 0, 0)));
    }

    @Test
    void aWorkerWithoutRoomIsBusyAndOneThatIsMerelyFullerIsNotPreferred() {
        runs("one", B);
        assertEquals(PlacementReason.PREFERRED, moved());
        runs("two", B);
        assertEquals(PlacementReason.BUSY, moved());
    }
}
