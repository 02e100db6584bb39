package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TurnId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kv.CacheOwner;
import kv.KvEvent;
import kv.KvTier;
import kv.PromptBlocks;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** Workers whose engines keep each session in a seat of its own. */
class SeatedPlacementTest extends PlacerFixture {
    private static final EngineFacts FOUR_SEATS =
            new EngineFacts(List.of("m"), BLOCK, 400, 8192, 4, 10_000, new EngineCapabilities(true, null, 4));

    @Test
    void sixSessionsTakeTheSeatsOfTwoServersOfFour() {
        Placer placer = placer("joint");
        Map<WorkerId, Integer> seated = new HashMap<>();
        for (WorkerId worker : List.of(A, B)) {
            placer.join(worker, LIFE, FOUR_SEATS, WorkerState.READY, WorkerLoad.idle(400));
        }
        for (int session = 0; session < 6; session++) {
            TurnId turn = new TurnId("s" + session);
            long[] chain = {1, 2, 3, 100 + session, 200 + session};
            WorkerId chosen = worker(placer.route(request(turn.value(), chain), 0, 0));
            int seat = seated.merge(chosen, 1, Integer::sum) - 1;
            index.apply(new CacheOwner(chosen, LIFE, seat), KvEvent.BlocksStored.atRoot(chain, KvTier.DEVICE));
            placer.release(turn, 0);
            placer.update(chosen, WorkerState.READY, new WorkerLoad(0, 0, 0, 5 * (seat + 1), 0, 400, seat + 1));
        }
        assertEquals(2, seated.size(), "six do not fit into four seats");
        seated.forEach((worker, seats) -> assertTrue(seats <= 4, "none loses its seat: " + seated));
    }

    @Test
    void aSessionComesBackToItsSeatWhicheverItIs() {
        Placer placer = placer("joint");
        for (WorkerId worker : List.of(A, B)) {
            placer.join(worker, LIFE, FOUR_SEATS, WorkerState.READY, new WorkerLoad(0, 0, 0, 12, 0, 400, 3));
        }
        index.apply(new CacheOwner(B, LIFE, 2), KvEvent.BlocksStored.atRoot(new long[] {1, 2, 3}, KvTier.DEVICE));
        PromptBlocks blocks = PromptBlocks.of(BLOCK, 1, 2, 3, 4);

        Decision.Placed placed = assertInstanceOf(
                Decision.Placed.class,
                placer.route(
                        new RouteRequest(
                                new TurnId("t"),
                                "m",
                                5,
                                blocks,
                                67,
                                20,
                                0,
                                0,
                                B,
                                3,
                                KeptPrefix.NOTHING,
                                AnswerExtras.NONE,
                                RouteRequest.NOBODY),
                        0,
                        0));

        assertEquals(B, placed.placement().worker());
        assertEquals(3 * BLOCK, placed.placement().expectedCachedTokens());
    }
}
