package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import inference.PlacementReason;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import kv.Incarnation;
import kv.StoredCopy;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import router.retention.Holder;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** Turns whose session has leases. */
class LeasedPlacementTest extends PlacerFixture {
    private static final EngineFacts COPYING =
            new EngineFacts(List.of("m"), BLOCK, 100, 8192, 2, 10_000, new EngineCapabilities(true, "format", 0));
    private static final StoredCopy COPY = new StoredCopy("file", 1 << 20, 40 * BLOCK, "format");
    private static final long[] PROMPT = LongStream.rangeClosed(1, 50).toArray();

    private RouteRequest returning(KeptPrefix kept) {
        RouteRequest plain = request("t", PROMPT);
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
                40,
                kept,
                AnswerExtras.NONE,
                RouteRequest.NOBODY);
    }

    private KeptPrefix copied(StoredCopy copy) {
        return new KeptPrefix(List.of(), List.of(new KeptPrefix.Copied(copy, 40)));
    }

    private KeptPrefix heldAt(WorkerId worker, Incarnation life) {
        return new KeptPrefix(List.of(new Holder(worker, life, 40)), List.of());
    }

    private Placement placement(Placer placer, KeptPrefix kept) {
        return assertInstanceOf(Decision.Placed.class, placer.route(returning(kept), 0, 0))
                .placement();
    }

    @Test
    void aTurnGoesWhereItsCopyCanBeReadAndBringsIt() {
        Placer placer = placer("joint");
        join(placer, A);
        placer.join(B, LIFE, COPYING, WorkerState.READY, WorkerLoad.idle(100));

        Placement placement = placement(placer, copied(COPY));

        assertEquals(B, placement.worker());
        assertEquals(COPY, placement.source());
        assertEquals(PlacementReason.COPY_LOADED, placement.reason());
        assertEquals(0, placement.expectedCachedTokens());
    }

    @Test
    void aCopyThatTakesLongerToLoadThanToComputeIsLeftWhereItIs() {
        Placer placer = placer("joint");
        placer.join(B, LIFE, COPYING, WorkerState.READY, WorkerLoad.idle(100));

        assertNull(placement(placer, copied(new StoredCopy("file", 1L << 40, 40 * BLOCK, "format")))
                .source());
        assertNull(placement(placer, copied(new StoredCopy("file", 1 << 20, 40 * BLOCK, "other format")))
                .source());
    }

    @Test
    void aCopyOfWhatTheWorkerHasIsNotBrought() {
        Placer placer = placer("joint");
        placer.join(B, LIFE, COPYING, WorkerState.READY, WorkerLoad.idle(100));
        hold(B, PROMPT);

        assertNull(placement(placer, copied(COPY)).source());
    }

    @Test
    void ofTwoWorkersThatHaveThePromptTheOneThatHoldsItIsChosen() {
        Placer placer = placer("joint");
        WorkerLoad full = new WorkerLoad(0, 0, 0, 100, 40, 100, 0);
        for (WorkerId worker : List.of(A, B)) {
            placer.join(worker, LIFE, COPYING, WorkerState.READY, full);
            hold(worker, Arrays.copyOf(PROMPT, 40));
        }
        Placement placement = placement(placer, heldAt(B, LIFE));
        assertEquals(B, placement.worker());
        assertEquals(PlacementReason.OTHER_HOLDER, placement.reason());
    }

    @Test
    void r7AHoldOfAnEarlierLifeDoesNotCount() {
        Placer placer = placer("joint");
        WorkerLoad full = new WorkerLoad(0, 0, 0, 100, 40, 100, 0);
        for (WorkerId worker : List.of(A, B)) {
            placer.join(worker, LIFE, COPYING, WorkerState.READY, full);
            hold(worker, Arrays.copyOf(PROMPT, 40));
        }
        assertEquals(A, placement(placer, heldAt(B, new Incarnation(9, 9))).worker());
    }

    @Test
    void aNewSessionIsNotSentWhereItWouldDriveOutWhatOthersArePromised() {
        Placer placer = placer("joint");
        placer.join(A, LIFE, COPYING, WorkerState.READY, new WorkerLoad(0, 0, 0, 100, 90, 100, 0));
        placer.join(B, LIFE, COPYING, WorkerState.READY, new WorkerLoad(0, 0, 0, 100, 0, 100, 0));

        assertEquals(B, placement(placer, KeptPrefix.NOTHING).worker());
    }
}
