package router.strategy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static router.strategy.Fleets.candidate;
import static router.strategy.Fleets.idle;
import static router.strategy.Fleets.place;
import static router.strategy.Fleets.turn;

import java.util.List;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import testkit.PublishedStrategies;
import workers.status.TimingModel;

class PrefixScorerTest {
    private final PrefixScorer strategy =
            new PrefixScorer(PublishedStrategies.SETTINGS.prefixScorer(), TimingModel.MEASURED, 1);

    @Test
    void scoresAreWeighedAsPublished() {
        Candidate holder = candidate("holder", new Candidate.Held(500, 100, 50, 50), 3, 4_000);
        Candidate other = candidate("other", Candidate.Held.NOTHING, 1, 1_000);
        Candidate third = candidate("third", Candidate.Held.NOTHING, 2, 0);

        Choice choice = strategy.choose(turn("t", 1, 0), List.of(holder, other, third));

        // (500 + 0.8 · 200) of 1,000 blocks · 3; the most requests; 60 % free · 2.
        assertArrayEquals(new double[] {1.98, 0, 1.2, 0, 0}, choice.terms()[0], 1e-9);
        assertArrayEquals(new double[] {0, 2, 1.8, 0, 0}, choice.terms()[1], 1e-9);
        assertArrayEquals(new double[] {0, 1, 2, 0, 0}, choice.terms()[2], 1e-9);
        assertEquals(1, choice.index());
    }

    @Test
    void aWorkerThatHoldsMostOfThePromptCrowdsOutTheOthersUntilItWouldAnswerMuchLater() {
        List<Candidate> calm = List.of(candidate("holder", held(800), 9, 9_000), idle("idle", 0));
        assertEquals(0, strategy.choose(turn("t", 1, 0), calm).index());
        assertEquals(-9, strategy.choose(turn("t", 1, 0), calm).terms()[1][4]);

        List<Candidate> less = List.of(candidate("holder", held(799), 9, 9_000), idle("idle", 0));
        assertEquals(1, strategy.choose(turn("t", 1, 0), less).index());

        Candidate slow = new Candidate(
                new WorkerId("holder"),
                calm.get(0).facts(),
                calm.get(0).load(),
                held(800),
                Candidate.Kept.NOTHING,
                new Candidate.Activity(9, 9, 1_000, 19_000, 9_000, 1_000, 0, 0, 0, 0),
                false);
        assertEquals(
                1,
                strategy.choose(turn("t", 1, 0), List.of(slow, idle("idle", 0))).index());
    }

    @Test
    void aSessionGoesBackToItsWorkerForFiveMinutes() {
        List<Candidate> alike = List.of(idle("a", 0), idle("b", 0), idle("c", 0));
        int home = place(strategy, turn("t0", 1, 0), alike);
        for (int i = 1; i <= 20; i++) {
            assertEquals(home, place(strategy, turn("t" + i, 1, i * 300.0), alike));
        }
        Choice forgotten = strategy.choose(turn("late", 1, 20 * 300 + 300.1), alike);
        assertEquals(0, forgotten.terms()[home][3]);
    }

    private static Candidate.Held held(int blocks) {
        return new Candidate.Held(blocks, 0, 0, 0);
    }
}
