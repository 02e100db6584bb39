package router.strategy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.strategy.Fleets.candidate;
import static router.strategy.Fleets.idle;
import static router.strategy.Fleets.place;
import static router.strategy.Fleets.turn;

import java.util.List;
import org.junit.jupiter.api.Test;
import workers.status.TimingModel;

class E2Test {
    private static final double COLD_MILLIS = TimingModel.MEASURED.prefillMillis(Fleets.INPUT_TOKENS, 0);

    private final E2 strategy = new E2(new E2.Settings(180, 50, 1.5), TimingModel.MEASURED);

    @Test
    void aTurnOfWhichMoreIsCachedThanNotGoesToItsHolderHoweverBusy() {
        Candidate holder = candidate("holder", new Candidate.Held(501, 0, 0, 0), 40, 9_000);
        assertEquals(
                0,
                strategy.choose(turn("t", 1, 0), List.of(holder, idle("idle", 400)))
                        .index());
    }

    @Test
    void aTurnOfWhichHalfIsCachedGoesToTheCheapestOfAll() {
        Candidate holder = candidate("holder", new Candidate.Held(500, 0, 0, 0), 1, 0);
        Choice choice = strategy.choose(turn("t", 1, 0), List.of(holder, idle("idle", 0)));
        assertEquals(1, choice.index());
        // One request in flight, 100 tokens at 5.74 ms while nothing is resident.
        assertEquals(574, choice.totals()[0], 1e-9);
    }

    @Test
    void aPlacedTurnCostsItsPrefillForThreeMinutes() {
        List<Candidate> alike = List.of(idle("a", 0), idle("b", 0));
        assertEquals(0, place(strategy, turn("first", 1, 0), alike));

        Choice within = strategy.choose(turn("second", 2, 180), alike);
        assertEquals(COLD_MILLIS, within.terms()[0][0], 1e-9);
        assertEquals(1, within.index());
        assertEquals(0, strategy.choose(turn("third", 3, 180.001), alike).terms()[0][0]);
    }

    @Test
    void equallyDeepHoldersShareTheirTurnsByCost() {
        List<Candidate> holders = List.of(idle("a", 900), idle("b", 900), idle("c", 0));
        int[] counts = new int[3];
        for (int i = 0; i < 40; i++) {
            counts[place(strategy, turn("t" + i, i, 0), holders)]++;
        }
        assertEquals(List.of(20, 20, 0), List.of(counts[0], counts[1], counts[2]));
    }

    @Test
    void aHotPrefixMovesToTheCheapestWorkerOnceTheFleetIsOutOfBalance() {
        List<Candidate> one = List.of(idle("holder", 900), idle("idle", 0));
        for (int i = 0; i < 100; i++) {
            assertEquals(0, place(strategy, turn("t" + i, i, 0), one), "too few turns to judge balance by: " + i);
        }
        Choice shed = strategy.choose(turn("next", 100, 0), one);
        assertEquals(1, shed.index());
        assertTrue(shed.totals()[0] > shed.totals()[1]);

        strategy.taken(turn("next", 100, 0), shed, one);
        assertEquals(
                1,
                strategy.choose(turn("after", 101, 0), List.of(idle("holder", 900), idle("idle", 900)))
                        .index(),
                "both hold it now");
    }

    @Test
    void aSessionThatIsTheWholeImbalanceStays() {
        E2 eager = new E2(new E2.Settings(180, 0, 1.5), TimingModel.MEASURED);
        List<Candidate> fleet = List.of(idle("holder", 900), idle("idle", 0));
        for (int i = 0; i < 50; i++) {
            assertEquals(0, place(eager, turn("t" + i, 7, i), fleet));
        }
        // The same cost of many sessions is worth spreading.
        assertEquals(1, place(eager, turn("other", 8, 50), fleet));
    }
}
