package router.strategy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TurnId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import testkit.PublishedStrategies;
import testkit.Transfers;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;
import workers.status.WorkerLoad;

class StrategiesTest {
    private static final int BLOCK = 16;
    private static final int CAPACITY = 10_000;
    private static final EngineFacts FACTS =
            new EngineFacts(List.of("m"), BLOCK, CAPACITY, 8192, 256, 1_000_000, EngineCapabilities.NONE);
    private static final StrategySettings SETTINGS = PublishedStrategies.SETTINGS;
    private static final TurnView TURN = new TurnView(new TurnId("t"), 0, 7, 160_000 / 10, 100, BLOCK, null);

    private static RoutingStrategy strategy(String name) {
        return Strategies.create(name, SETTINGS, TimingModel.MEASURED, Transfers.MODEL, 42);
    }

    private static Candidate idle(String worker, int heldBlocks) {
        return candidate(worker, heldBlocks, Candidate.Activity.idle(TURN.promptBlocks()));
    }

    private static Candidate candidate(String worker, int heldBlocks, Candidate.Activity activity) {
        return new Candidate(
                new WorkerId(worker),
                FACTS,
                WorkerLoad.idle(CAPACITY),
                new Candidate.Held(heldBlocks, 0, 0, 0),
                Candidate.Kept.NOTHING,
                activity,
                false);
    }

    private static Candidate.Activity requests(int requests) {
        return new Candidate.Activity(requests, 0, 0, 0, 0, TURN.promptBlocks(), 0, 0, 0, 0);
    }

    /** Chosen workers of many decisions, and how often each. */
    private static Map<Integer, Integer> chosen(RoutingStrategy strategy, List<Candidate> candidates, int decisions) {
        Map<Integer, Integer> counts = new HashMap<>();
        for (int i = 0; i < decisions; i++) {
            Choice choice = strategy.choose(TURN, candidates);
            strategy.taken(TURN, choice, candidates);
            counts.merge(choice.index(), 1, Integer::sum);
        }
        return counts;
    }

    @Test
    void anUnknownNameIsAnsweredWithTheKnownOnes() {
        String message = assertThrows(IllegalArgumentException.class, () -> strategy("best"))
                .getMessage();
        for (String name : Strategies.names()) {
            assertTrue(String.valueOf(message).contains(name), message);
        }
    }

    @Test
    void everyStrategyNamesEachTermAndAnswersTheSameUntilItsChoiceIsTaken() {
        List<Candidate> candidates = List.of(idle("a", 0), idle("b", 40), idle("c", 0));
        for (String name : Strategies.names()) {
            RoutingStrategy strategy = strategy(name);
            assertEquals(name, strategy.name());
            for (int i = 0; i < 20; i++) {
                Choice choice = strategy.choose(TURN, candidates);
                assertEquals(choice.index(), strategy.choose(TURN, candidates).index(), name);
                for (double[] terms : choice.terms()) {
                    assertEquals(strategy.terms().size(), terms.length, name);
                }
                strategy.taken(TURN, choice, candidates);
            }
        }
    }

    @Test
    void theSameSeedMakesTheSameChoicesAndAnotherSeedOthers() {
        List<Candidate> candidates = List.of(idle("a", 0), idle("b", 0), idle("c", 0));
        List<List<Integer>> runs = new ArrayList<>();
        for (long seed : new long[] {1, 1, 2}) {
            RoutingStrategy strategy =
                    Strategies.create("random", SETTINGS, TimingModel.MEASURED, Transfers.MODEL, seed);
            List<Integer> run = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                Choice choice = strategy.choose(TURN, candidates);
                strategy.taken(TURN, choice, candidates);
                run.add(choice.index());
            }
            runs.add(run);
        }
        assertEquals(runs.get(0), runs.get(1));
        assertTrue(!runs.get(0).equals(runs.get(2)));
    }

    @Test
    void randomAndTiesAreUniform() {
        List<Candidate> candidates = List.of(idle("a", 0), idle("b", 0), idle("c", 0), idle("d", 0));
        for (String name : List.of("random", "least-loaded", "power-of-two", "dynamo-cost", "lmetric")) {
            Map<Integer, Integer> counts = chosen(strategy(name), candidates, 4_000);
            assertEquals(4, counts.size(), name);
            counts.values().forEach(count -> assertEquals(1_000, count, 120, name));
        }
    }

    @Test
    void roundRobinGoesOnAfterTheLastWorkerEvenIfThatIsGone() {
        RoutingStrategy strategy = strategy("round-robin");
        List<Candidate> three = List.of(idle("a", 0), idle("b", 0), idle("c", 0));
        assertEquals(Map.of(0, 2, 1, 1, 2, 1), chosen(strategy, three, 4));
        assertEquals(Map.of(1, 1), chosen(strategy, List.of(idle("a", 0), idle("c", 0)), 1));
        assertEquals(Map.of(0, 1), chosen(strategy, three, 1));
    }

    @Test
    void powerOfTwoNeverTakesTheMostLoadedOfThree() {
        List<Candidate> candidates =
                List.of(candidate("a", 0, requests(1)), candidate("b", 0, requests(9)), candidate("c", 0, requests(2)));
        Map<Integer, Integer> counts = chosen(strategy("power-of-two"), candidates, 3_000);
        assertEquals(2_000, counts.getOrDefault(0, 0), 150);
        assertEquals(1_000, counts.getOrDefault(2, 0), 150);
    }

    @Test
    void aLostWorkerMovesOnlyItsOwnSessions() {
        RoutingStrategy sticky = strategy("sticky");
        List<Candidate> four = List.of(idle("a", 0), idle("b", 0), idle("c", 0), idle("d", 0));
        List<Candidate> three = four.subList(0, 3);
        int moved = 0;
        for (long session = 0; session < 1_000; session++) {
            TurnView turn = new TurnView(new TurnId("t"), 0, session, 1_000, 100, BLOCK, null);
            int before = sticky.choose(turn, four).index();
            int after = sticky.choose(turn, three).index();
            if (before < 3) {
                assertEquals(before, after);
            } else {
                moved++;
            }
        }
        assertEquals(250, moved, 60);
    }

    @Test
    void dynamoCostIsThePublishedFormula() {
        RoutingStrategy strategy = Strategies.create(
                "dynamo-cost",
                PublishedStrategies.with(new DynamoCost.Weights(1, 0.75, 0.25, 0.5, 2, 0.5, 3, 0)),
                TimingModel.MEASURED,
                Transfers.MODEL,
                1);
        Candidate loaded = new Candidate(
                new WorkerId("loaded"),
                FACTS,
                WorkerLoad.idle(CAPACITY),
                new Candidate.Held(100, 40, 20, 10),
                Candidate.Kept.NOTHING,
                new Candidate.Activity(2, 1, 1_600, 0, 300, 900, 0, 0, 0, 0),
                false);
        Choice choice = strategy.choose(TURN, List.of(loaded, idle("idle", 0)));

        // 16,000 tokens in blocks of 16, 100 blocks of prefill in flight more than the idle worker's.
        double decay = 1 / (1 + 0.5 * 100 / 1_000);
        double credit = decay * 100 + 0.75 * 40 + 0.25 * 20 + 0.5 * 10;
        assertEquals(2 * (1_100 - credit), choice.terms()[0][0], 1e-9);
        assertEquals(1_200, choice.terms()[0][1]);
        assertEquals(6, choice.terms()[0][2]);
        assertEquals(2 * 1_000 + 1_000, choice.totals()[1]);
    }

    @Test
    void dynamoCostWithATemperatureDrawsBySoftmaxOfTheSpread() {
        RoutingStrategy strategy = Strategies.create(
                "dynamo-cost",
                PublishedStrategies.with(new DynamoCost.Weights(1, 0.75, 0.25, 0.5, 1, 0, 0, 0.5)),
                TimingModel.MEASURED,
                Transfers.MODEL,
                1);
        Map<Integer, Integer> counts = chosen(strategy, List.of(idle("a", 500), idle("b", 0)), 4_000);
        double share = 1 / (1 + Math.exp(-2));
        assertEquals(4_000 * share, counts.getOrDefault(0, 0), 120);
    }

    @Test
    void cacheAwareFollowsOverlapUntilTheFleetIsOutOfBalance() {
        RoutingStrategy strategy = strategy("cache-aware");
        Candidate holder = candidate("holder", 100, requests(32));
        assertEquals(0, strategy.choose(TURN, List.of(holder, idle("idle", 0))).index());
        Candidate hot = candidate("hot", 100, requests(33));
        assertEquals(1, strategy.choose(TURN, List.of(hot, idle("idle", 0))).index());
        Candidate busyTwin = candidate("twin", 100, requests(1));
        assertEquals(
                1,
                strategy.choose(TURN, List.of(candidate("a", 100, requests(2)), busyTwin))
                        .index());
    }

    @Test
    void jointStaysWhereTheContextIsUntilWaitingCostsMoreThanPrefill() {
        RoutingStrategy joint = strategy("joint");
        int most = TURN.promptBlocks();
        double coldMillis = joint.choose(TURN, List.of(idle("cold", 0))).terms()[0][1];
        assertEquals(
                0,
                joint.choose(TURN, List.of(waiting(most, coldMillis * 0.8), idle("cold", 0)))
                        .index());
        assertEquals(
                1,
                joint.choose(TURN, List.of(waiting(most, coldMillis * 1.2), idle("cold", 0)))
                        .index());
    }

    private static Candidate waiting(int heldBlocks, double prefillMillis) {
        return candidate(
                "holder",
                heldBlocks,
                new Candidate.Activity(1, 1, 1_000, prefillMillis, 0, TURN.promptBlocks(), 0, 0, 0, 0));
    }

    @Test
    void jointSendsANewSessionWhereMemoryTurnsOverSlowest() {
        RoutingStrategy joint = strategy("joint");
        Choice choice = joint.choose(TURN, List.of(full("hot", 500), full("calm", 5)));
        assertEquals(1, choice.index());
        assertTrue(choice.terms()[0][4] > choice.terms()[1][4]);
        assertEquals(0, joint.choose(TURN, List.of(idle("a", 0))).terms()[0][4], "nothing to evict");
    }

    @Test
    void jointSendsAColdTurnAwayFromTheWorkerThatPrefillsMostThoughFewerDecodeThere() {
        RoutingStrategy joint = strategy("joint");
        Candidate thrashing = candidate("thrashing", 0, decoding(1, 0.9));
        Candidate serving = candidate("serving", 0, decoding(9, 0.3));
        assertEquals(1, joint.choose(TURN, List.of(thrashing, serving)).index());
        assertEquals(
                0,
                joint.choose(TURN, List.of(thrashing, candidate("as busy", 0, decoding(9, 0.9))))
                        .index());

        double prefill = joint.choose(TURN, List.of(serving)).terms()[0][1];
        double interference = joint.choose(TURN, List.of(serving)).terms()[0][3];
        assertEquals(prefill * (9 + 60 * 0.3), interference, 1e-6);
    }

    private static Candidate.Activity decoding(int requests, double prefillShare) {
        return new Candidate.Activity(requests, 0, 0, 0, 0, TURN.promptBlocks(), 0, 0, 0, prefillShare);
    }

    @Test
    void jointTakesALoadForWhatATierBelowTheDeviceCatches() {
        RoutingStrategy joint = strategy("joint");
        double dropped = evictionMillis(joint, full("a", 50));
        double caught = evictionMillis(joint, full("a", 50, tiers(4 * CAPACITY, 0)));
        double slower = evictionMillis(joint, full("a", 50, tiers(0, 4 * CAPACITY)));
        double larger = evictionMillis(joint, full("a", 50, tiers(40 * CAPACITY, 0)));
        assertTrue(caught < dropped, "a load is faster than a prefill");
        assertTrue(caught < slower && slower < dropped, "and from the disk slower than from the host");
        assertTrue(larger < caught, "a larger tier drops what is older");
    }

    private static double evictionMillis(RoutingStrategy joint, Candidate candidate) {
        return joint.choose(TURN, List.of(candidate)).terms()[0][4];
    }

    private static EngineFacts tiers(int hostBlocks, int diskBlocks) {
        ColderTiers tiers = new ColderTiers(hostBlocks, diskBlocks, true, true, true);
        return new EngineFacts(
                List.of("m"), BLOCK, CAPACITY, 8192, 256, 1_000_000, new EngineCapabilities(true, null, 0, tiers));
    }

    private static Candidate full(String worker, double blocksPerSecond) {
        return full(worker, blocksPerSecond, FACTS);
    }

    private static Candidate full(String worker, double blocksPerSecond, EngineFacts facts) {
        return new Candidate(
                new WorkerId(worker),
                facts,
                new WorkerLoad(0, 0, 0, CAPACITY, 0, CAPACITY, 0),
                Candidate.Held.NOTHING,
                Candidate.Kept.NOTHING,
                new Candidate.Activity(0, 0, 0, 0, 0, TURN.promptBlocks(), 0, 0, blocksPerSecond, 0),
                false);
    }
}
