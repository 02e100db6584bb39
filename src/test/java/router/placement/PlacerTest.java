package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.InferenceFailure;
import inference.TurnId;
import java.util.List;
import kv.Incarnation;
import org.junit.jupiter.api.Test;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class PlacerTest extends PlacerFixture {
    @Test
    void aTurnGoesWhereItsPrefixIs() {
        for (String strategy : List.of("dynamo-cost", "cache-aware", "lmetric", "prefix-scorer", "e2", "joint")) {
            Placer placer = placer(strategy);
            join(placer, A, B);
            hold(B, 1, 2, 3);

            Decision decision = placer.route(request("t", 1, 2, 3, 4), 0, 0);

            assertEquals(B, worker(decision), strategy);
            assertEquals(3 * BLOCK, ((Decision.Placed) decision).placement().expectedCachedTokens(), strategy);
        }
    }

    @Test
    void blocksOfAnEarlierIncarnationDoNotCount() {
        Placer placer = placer("cache-aware");
        join(placer, A, B);
        hold(B, 1, 2, 3);
        placer.join(B, new Incarnation(2, 2), TWO_SLOTS, WorkerState.READY, WorkerLoad.idle(100));

        Decision.Placed placed = assertInstanceOf(Decision.Placed.class, placer.route(request("t", 1, 2, 3), 0, 0));

        assertEquals(0, placed.placement().expectedCachedTokens());
    }

    @Test
    void anExplanationSaysWhyNobodyIsChosen() {
        Placer placer = placer("random");
        join(placer, A);
        assertNull(placer.explain(request("t", 1), 0).refusal());
        Decision.Refused refusal =
                placer.explain(request("t", new long[100]), 0).refusal();
        assertNotNull(refusal);
        assertEquals(RouteOutcome.TOO_LONG, refusal.outcome());
        assertEquals(
                InferenceFailure.Kind.CONTEXT_LENGTH_EXCEEDED, refusal.failure().kind());
    }

    @Test
    void aStrategyHearsHowItsTurnsEnded() {
        Placer placer = placer("thompson");
        join(placer, A, B);
        int answeredByB = 0;
        for (int i = 0; i < 600; i++) {
            long now = i * SECOND;
            TurnId turn = new TurnId("t" + i);
            if (worker(placer.route(request("t" + i, i), now, now)).equals(A)) {
                placer.refused(turn, A, WorkerLoad.idle(100), now);
            } else {
                placer.firstToken(turn, now + SECOND / 2);
                placer.release(turn, now + SECOND / 2);
                answeredByB += i < 300 ? 0 : 1;
            }
        }
        assertTrue(answeredByB > 200, answeredByB + " of the last 300 turns");
    }

    @Test
    void explainingPlacesNothingAndNamesWhatRoutingChooses() {
        Placer placer = placer("joint");
        assertNull(placer.explain(request("t", 1), 0).chosen());
        join(placer, A, B);
        hold(B, 1, 2);

        for (int i = 0; i < 5; i++) {
            Explanation explanation = placer.explain(request("t", 1, 2), 0);
            assertEquals(B, explanation.chosen());
            assertEquals(2, explanation.scores().size());
            Explanation.Score score = explanation.scores().get(1);
            assertEquals(2, score.overlapBlocks());
            assertNotNull(score.terms().get("prefillMillis"));
            double sum = score.terms().values().stream()
                    .mapToDouble(Double::doubleValue)
                    .sum();
            assertEquals(score.total(), sum, 1e-9);
        }
        assertEquals(B, worker(placer.route(request("t", 1, 2), 0, 0)));
    }

    @Test
    void aPlacedTurnThatIsRoutedAgainIsChargedOnce() {
        Placer placer = placer("least-loaded");
        join(placer, A);
        for (int i = 0; i < 10; i++) {
            assertEquals(A, worker(placer.route(request("same", 1, 2), i, i)));
        }
        assertTrue(worker(placer.route(request("other", 1), 10, 10)).equals(A));
    }

    @Test
    void aSessionIsNotScaredOffByTheReportedLoadOfItsOwnPreviousTurn() {
        Placer placer = placer("joint");
        join(placer, A, B);
        hold(A, 1, 2, 3);
        assertEquals(A, worker(placer.route(request("first", 1, 2, 3), 0, 0)));
        placer.update(A, WorkerState.READY, new WorkerLoad(1, 0, 5, 0, 0, 100, 0));

        placer.release(new TurnId("first"), SECOND);

        assertEquals(A, worker(placer.route(request("second", 1, 2, 3), SECOND, SECOND)));
    }
}
