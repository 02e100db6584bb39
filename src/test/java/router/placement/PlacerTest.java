package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.TurnId;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import kv.CacheOwner;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.PromptBlocks;
import kv.StoredCopy;
import kv.WorkerId;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import router.queue.BusyThreshold;
import router.queue.QueuePolicy;
import router.queue.QueueSettings;
import router.retention.Holder;
import testkit.PublishedStrategies;
import testkit.Transfers;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class PlacerTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int BLOCK = 16;
    private static final WorkerId A = new WorkerId("http://a");
    private static final WorkerId B = new WorkerId("http://b");
    private static final Incarnation LIFE = new Incarnation(1, 1);
    private static final EngineFacts TWO_SLOTS =
            new EngineFacts(List.of("m"), BLOCK, 100, 8192, 2, 10_000, EngineCapabilities.NONE);

    private final NaiveIndex index = new NaiveIndex();

    private Placer placer(String strategy) {
        return new Placer(
                index,
                new PlacementSettings(
                        strategy,
                        1,
                        PublishedStrategies.SETTINGS,
                        new QueueSettings(QueuePolicy.FCFS, 0.001, 2, Duration.ofSeconds(30), Duration.ofSeconds(10)),
                        new BusyThreshold(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY),
                        TimingModel.MEASURED,
                        Transfers.MODEL,
                        Duration.ofSeconds(10),
                        new PauseSettings("none", 1, Duration.ZERO, 3, 1.5),
                        60));
    }

    private static void join(Placer placer, WorkerId... workers) {
        for (WorkerId worker : workers) {
            placer.join(worker, LIFE, TWO_SLOTS, WorkerState.READY, WorkerLoad.idle(100));
        }
    }

    private static RouteRequest request(String turn, long... chain) {
        return request(turn, 0, Set.of(), chain);
    }

    private static RouteRequest request(String turn, int strictPriority, Set<WorkerId> excluded, long... chain) {
        PromptBlocks blocks = PromptBlocks.of(BLOCK, chain);
        return new RouteRequest(
                new TurnId(turn),
                "m",
                5,
                blocks,
                blocks.tokens() + 3,
                20,
                0,
                strictPriority,
                null,
                0,
                KeptPrefix.NOTHING,
                AnswerExtras.NONE,
                excluded);
    }

    private void hold(WorkerId worker, long... chain) {
        index.apply(new CacheOwner(worker, LIFE, 0), KvEvent.BlocksStored.atRoot(chain, KvTier.DEVICE));
    }

    private static WorkerId worker(Decision decision) {
        return assertInstanceOf(Decision.Placed.class, decision).placement().worker();
    }

    private static RouteOutcome outcome(Decision decision) {
        return assertInstanceOf(Decision.Refused.class, decision).outcome();
    }

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
    void aTurnThatMovesKeepsItsPlaceInTheOrderOfArrival() {
        Placer placer = placer("random");
        join(placer, A);
        worker(placer.route(request("one", 1), 0, 0));
        worker(placer.route(request("two", 2), 0, 0));
        assertInstanceOf(Decision.Queued.class, placer.route(request("later", 3), 2 * SECOND, 2 * SECOND));
        assertInstanceOf(Decision.Queued.class, placer.route(request("moved", 4), SECOND, 3 * SECOND));

        placer.release(new TurnId("one"), 4 * SECOND);
        List<Resolved> resolved = placer.drain(4 * SECOND);

        assertEquals(
                List.of(new TurnId("moved")),
                resolved.stream().map(Resolved::turn).toList());
    }

    @Test
    void aFullQueueIsTooMuchOfTheClientsAndNoWorkerAFaultOfOurs() {
        assertEquals(Kind.RATE_LIMITED, RouteOutcome.QUEUE_FULL.failure("full").kind());
        for (RouteOutcome outcome : List.of(RouteOutcome.NO_WORKER, RouteOutcome.WAITED_TOO_LONG)) {
            assertEquals(Kind.OVERLOADED, outcome.failure("none").kind());
        }
    }

    @Test
    void fullWorkersMakeTurnsWaitInOrderOfStrictPriority() {
        Placer placer = placer("least-loaded");
        join(placer, A);
        placer.route(request("one", 1), 0, 0);
        placer.route(request("two", 2), 0, 0);
        assertInstanceOf(Decision.Queued.class, placer.route(request("waits", 3), SECOND, SECOND));
        assertInstanceOf(
                Decision.Queued.class, placer.route(request("strict", 9, Set.of(), 4), 2 * SECOND, 2 * SECOND));
        assertEquals(RouteOutcome.QUEUE_FULL, outcome(placer.route(request("more", 5), 2 * SECOND, 2 * SECOND)));
        assertEquals(List.of(), placer.drain(3 * SECOND), "nothing has changed");

        placer.release(new TurnId("one"), 4 * SECOND);
        List<Resolved> resolved = placer.drain(4 * SECOND);

        assertEquals(
                List.of(new TurnId("strict")),
                resolved.stream().map(Resolved::turn).toList());
        Decision.Placed placed =
                assertInstanceOf(Decision.Placed.class, resolved.get(0).decision());
        assertEquals(2 * SECOND, placed.placement().queuedNanos());
        assertEquals(1, placer.waiting());
    }

    @Test
    void aTurnThatWaitedTooLongIsRefused() {
        Placer placer = placer("random");
        join(placer, A);
        placer.route(request("one", 1), 0, 0);
        placer.route(request("two", 2), 0, 0);
        placer.route(request("waits", 3), 0, 0);

        List<Resolved> resolved = placer.drain(31 * SECOND);

        assertEquals(RouteOutcome.WAITED_TOO_LONG, outcome(resolved.get(0).decision()));
        assertEquals(0, placer.waiting());
    }

    @Test
    void aWorkersRefusalCorrectsTheViewAndTheTurnWaits() {
        Placer placer = placer("random");
        join(placer, A);
        assertEquals(A, worker(placer.route(request("t", 1), 0, 0)));

        placer.refused(new TurnId("t"), A, new WorkerLoad(2, 0, 90, 0, 0, 100, 0), 1);
        assertInstanceOf(Decision.Queued.class, placer.route(request("t", 1), 2, 2));

        placer.update(A, WorkerState.READY, new WorkerLoad(1, 0, 40, 0, 0, 100, 0));
        assertEquals(A, worker(placer.drain(3).get(0).decision()));
    }

    @Test
    void stickyWaitsForItsWorkerWhileLeastLoadedGoesElsewhere() {
        Placer sticky = placer("sticky");
        join(sticky, A, B);
        WorkerId home = worker(sticky.route(request("one", 1), 0, 0));
        assertEquals(home, worker(sticky.route(request("two", 2), 0, 0)));
        assertInstanceOf(Decision.Queued.class, sticky.route(request("three", 3), 0, 0));

        Placer leastLoaded = placer("least-loaded");
        join(leastLoaded, A, B);
        for (int i = 0; i < 4; i++) {
            worker(leastLoaded.route(request("t" + i, i), 0, 0));
        }
        assertInstanceOf(Decision.Queued.class, leastLoaded.route(request("t4", 4), 0, 0));
    }

    @Test
    void prefillInFlightMakesAWorkerBusyWhenTheThresholdIsOn() {
        Placer placer = new Placer(
                index,
                new PlacementSettings(
                        "random",
                        1,
                        PublishedStrategies.SETTINGS,
                        new QueueSettings(QueuePolicy.WSPT, 0.001, 2, Duration.ofSeconds(30), Duration.ofSeconds(10)),
                        new BusyThreshold(0.001, 0.5),
                        TimingModel.MEASURED,
                        Transfers.MODEL,
                        Duration.ofSeconds(10),
                        new PauseSettings("none", 1, Duration.ZERO, 3, 1.5),
                        60));
        join(placer, A);
        worker(placer.route(request("one", 1), 0, 0));
        assertInstanceOf(Decision.Queued.class, placer.route(request("two", 2), 0, 0));

        placer.firstToken(new TurnId("one"), 1);
        assertEquals(A, worker(placer.drain(1).get(0).decision()));
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

    @Nested
    class WithLeases {
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
                    Set.of());
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
            assertEquals(B, placement(placer, heldAt(B, LIFE)).worker());
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

    @Nested
    class WithPrivateSlots {
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
                                    Set.of()),
                            0,
                            0));

            assertEquals(B, placed.placement().worker());
            assertEquals(3 * BLOCK, placed.placement().expectedCachedTokens());
        }
    }
}
