package router.strategy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.strategy.Fleets.candidate;
import static router.strategy.Fleets.idle;
import static router.strategy.Fleets.place;
import static router.strategy.Fleets.turn;

import inference.TurnId;
import java.util.List;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import testkit.PublishedStrategies;

class ThompsonTest {
    private final Thompson strategy = new Thompson(PublishedStrategies.SETTINGS.thompson(), 1);

    @Test
    void affinityAndLoadAreThePublishedFormula() {
        List<Candidate> only = List.of(idle("home", 0));
        place(strategy, turn("first", 1, 0), only);

        List<Candidate> both =
                List.of(candidate("home", new Candidate.Held(500, 0, 0, 0), 2, 5_000), idle("other", 1_000));
        Choice choice = strategy.choose(turn("second", 1, 1), both);

        // Eight more turns are expected after this one; half of the prompt is there.
        assertEquals((0.30 + 0.08 * 8 + 0.20) * 0.75, choice.terms()[0][2], 1e-9);
        assertEquals(-(0.10 + 0.04 * 8 + 0.03), choice.terms()[1][2], 1e-9);
        // The first turn left work of 9 · (1 + 15.625); this one costs 1 + 7.8125 at home, 1 elsewhere.
        double penalty = 0.5 + 1.5 * 2 + 0.45 * 9 * 16.625 + 0.4 * 8.8125 * 0.5 + 0.2 * 8.8125 * 2;
        assertEquals(Math.max(0.01, 1 / (1 + penalty)), choice.terms()[0][3], 1e-9);
        assertEquals(1, choice.terms()[1][3], 1e-9);
        double[] terms = choice.terms()[0];
        assertEquals((terms[0] + terms[1] + terms[2]) * terms[3], choice.totals()[0], 1e-9);
    }

    @Test
    void aNewWorkersScoreIsDrawnAroundZero() {
        double sum = 0;
        double squares = 0;
        int draws = 4_000;
        for (int i = 0; i < draws; i++) {
            double learned =
                    strategy.choose(turn("t" + i, i, 0), List.of(idle("w", 0))).terms()[0][0];
            sum += learned;
            squares += learned * learned;
        }
        // v²|x|², with x = (1, 1, 0, 0, 0, 1/3, tanh 15.6, 2/3, tanh 2.25).
        double variance = 0.0625 * (3 + 1 / 9.0 + 4 / 9.0 + Math.pow(Math.tanh(2.25), 2));
        assertEquals(0, sum / draws, 0.03);
        assertEquals(variance, squares / draws, 0.02);
    }

    @Test
    void theWorkerThatAnswersFasterIsChosenMoreOften() {
        Thompson greedy = new Thompson(new Thompson.Settings(0.05, 0.995, 0.2, 120, 1, 600), 3);
        List<Candidate> alike = List.of(idle("slow", 0), idle("fast", 0));
        int fast = 0;
        for (int i = 0; i < 2_000; i++) {
            TurnView turn = turn("t" + i, i, i * 100.0);
            boolean fastOne = place(greedy, turn, alike) == 1;
            fast += fastOne && i >= 1_000 ? 1 : 0;
            // Failures teach most: a slow worker's latency soon becomes its own baseline.
            greedy.ended(turn.turn(), fastOne, turn.nowNanos() + (long) 1e9);
        }
        assertTrue(fast > 560, "chosen " + fast + " times of 1,000");
    }

    @Test
    void aTurnThatIsNotOverInTimeEarnsNothingAndIsHeardOfNoMore() {
        Thompson still = new Thompson(new Thompson.Settings(0, 0.995, 0.2, 120, 10, 600), 1);
        List<Candidate> only = List.of(idle("w", 0));
        place(still, turn("good", 1, 0), only);
        still.ended(new TurnId("good"), true, (long) 1e9);
        place(still, turn("late", 1, 2), only);
        double learned = learned(still);
        assertTrue(learned > 0);

        still.ended(new TurnId("unknown"), true, (long) 121.9e9);
        assertEquals(learned, learned(still));
        still.ended(new TurnId("unknown"), true, (long) 122e9);
        double punished = learned(still);
        assertTrue(punished < learned);
        still.ended(new TurnId("late"), true, (long) 123e9);
        assertEquals(punished, learned(still));
    }

    private static double learned(Thompson strategy) {
        return strategy.choose(turn("probe", 99, 3), List.of(idle("w", 0))).terms()[0][0];
    }

    @Test
    void likeTurnsThatTakeAsLongEarnHalf() {
        RewardBaselines baselines = new RewardBaselines(0.2);
        WorkerId a = new WorkerId("a");
        WorkerId b = new WorkerId("b");
        assertEquals(0.5, baselines.reward(a, 1, 1, 1_000), 1e-12, "the first is its own measure");
        assertEquals(1 / (1 + 2.0), baselines.reward(a, 1, 1, 2_000), 1e-12);
        // Of like turns, and of the worker's: 0.2 · 2,000 + 0.8 · 1,000.
        assertEquals(1 / (1 + 600 / 1_200.0), baselines.reward(a, 2, 1, 600), 1e-12);
        // 0.2 · 600 + 0.8 · 1,200 = 1,080 over all: nothing is known of this worker.
        assertEquals(1 / (1 + 540 / 1_080.0), baselines.reward(b, 1, 1, 540), 1e-12);
    }
}
