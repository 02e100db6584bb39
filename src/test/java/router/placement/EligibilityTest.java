package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.InferenceFailure;
import inference.TurnId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import kv.Incarnation;
import kv.PromptBlocks;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import router.queue.BusyThreshold;
import router.queue.QueuePolicy;
import router.queue.QueueSettings;
import router.retention.Holder;
import testkit.PromptTooLong;
import testkit.PublishedStrategies;
import testkit.Transfers;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** Which workers may take a turn, and what a client hears when none may. */
class EligibilityTest {
    private static final int BLOCK = 16;
    private static final WorkerId A = new WorkerId("http://a");
    private static final WorkerId B = new WorkerId("http://b");
    private static final Incarnation LIFE = new Incarnation(1, 1);
    private static final AnswerExtras FIVE = new AnswerExtras(5, false);
    private static final AnswerExtras BIAS = new AnswerExtras(0, true);

    private final Placer placer = new Placer(
            new NaiveIndex(),
            new PlacementSettings(
                    "random",
                    1,
                    PublishedStrategies.SETTINGS,
                    new QueueSettings(QueuePolicy.FCFS, 0.001, 2, Duration.ofSeconds(30), Duration.ofSeconds(10)),
                    new BusyThreshold(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY),
                    TimingModel.MEASURED,
                    Transfers.MODEL,
                    Duration.ofSeconds(10),
                    new PauseSettings("none", 1, Duration.ZERO, 3, 1.5),
                    60));

    @Test
    void everyRefusalSaysWhy() {
        assertEquals(RouteOutcome.NO_WORKER, outcome(AnswerExtras.NONE, 1));
        join(B, "other", AnswerExtras.NONE);
        assertEquals(RouteOutcome.UNKNOWN_MODEL, outcome(AnswerExtras.NONE, 1));
        join(A, "m", AnswerExtras.NONE);
        assertEquals(RouteOutcome.TOO_LONG, outcome(AnswerExtras.NONE, new long[100]));
        assertEquals(
                "prompt is too long: 1603 tokens > 1599 maximum of the workers that could serve this turn of m",
                refused(AnswerExtras.NONE, Set.of(), new long[100]).message());
        assertEquals(
                RouteOutcome.NO_WORKER, refused(AnswerExtras.NONE, Set.of(A), 1).outcome());
        placer.update(A, WorkerState.DRAINING, WorkerLoad.idle(100));
        assertEquals(
                "none of the 1 workers that could take this turn of m takes it now: 1 drain",
                refused(AnswerExtras.NONE, Set.of(), 1).message());
        placer.lost(A);
        // Its workers are away; a client that hears "unknown" would give up.
        assertEquals(RouteOutcome.NO_WORKER, outcome(AnswerExtras.NONE, 1));
    }

    @Test
    void aPromptThatIsTooLongIsToldTheLongestThatAnyOfItsWorkersTakes() {
        join(A, facts("m3", 60, 10_000));
        join(B, facts("m3", 100, 1000));
        join(new WorkerId("http://larger"), facts("other", 1000, 1_000_000));
        RouteRequest request = request("m3", KeptPrefix.NOTHING, AnswerExtras.NONE, Set.of(), new long[100]);
        InferenceFailure tooLong = ((Decision.Refused) placer.route(request, 0, 0)).failure();
        assertEquals(InferenceFailure.Kind.CONTEXT_LENGTH_EXCEEDED, tooLong.kind());
        PromptTooLong.assertTold(1603, 999, tooLong.message());
    }

    @Test
    void aTurnGoesOnlyToWorkersThatCanDoWhatItAsks() {
        join(A, "m", BIAS);
        join(B, "m", FIVE);
        for (int turn = 0; turn < 20; turn++) {
            assertEquals(B, placed(FIVE));
            assertEquals(A, placed(BIAS));
        }
    }

    @Test
    void whatNoWorkerCanDoIsRefusedByTheNameOfItsField() {
        join(A, "m", BIAS);
        assertEquals(RouteOutcome.NO_LOGPROBS, outcome(FIVE, 1));
        join(B, "m", FIVE);
        InferenceFailure tooMany =
                refused(new AnswerExtras(6, false), Set.of(), 1).failure();
        assertEquals(InferenceFailure.Kind.INVALID_REQUEST, tooMany.kind());
        assertEquals("logprobs", tooMany.param());
        assertTrue(tooMany.message().endsWith("(see unsaid in docs/engines.md)"), tooMany.message());
        InferenceFailure both = refused(new AnswerExtras(5, true), Set.of(), 1).failure();
        assertEquals("logit_bias", both.param(), "each of the two can do half of it");
        placer.update(B, WorkerState.DRAINING, WorkerLoad.idle(100));
        assertEquals(RouteOutcome.NO_WORKER, outcome(FIVE, 1), "it will be back");
    }

    @Test
    void whatOnlyAWorkerThatIsAwayCanDoIsNoFaultOfTheRequest() {
        join(A, "m", BIAS);
        join(B, "m", FIVE);
        placer.lost(B);
        InferenceFailure away = refused(FIVE, Set.of(), 1).failure();
        assertEquals(InferenceFailure.Kind.OVERLOADED, away.kind());
        assertEquals(Duration.ofSeconds(1), away.retryAfter());
        assertEquals(RouteOutcome.NO_LOGPROBS, outcome(new AnswerExtras(6, false), 1), "it never could");

        join(B, "m", BIAS);
        assertEquals(RouteOutcome.NO_LOGPROBS, outcome(FIVE, 1), "it is back and cannot any more");
    }

    @Test
    void aWorkerThatDrainsTakesTheTurnsOfThoseWhoseLeasesItAloneKeeps() {
        join(A, "m", AnswerExtras.NONE);
        join(B, "m", AnswerExtras.NONE);
        placer.update(A, WorkerState.DRAINING, WorkerLoad.idle(100));
        Set<WorkerId> notB = Set.of(B);

        assertInstanceOf(Decision.Refused.class, route(KeptPrefix.NOTHING, notB), "a new session");
        assertInstanceOf(
                Decision.Refused.class, route(kept(new Holder(A, new Incarnation(1, 0), 1)), notB), "another life");
        assertEquals(A, placed(route(kept(new Holder(A, LIFE, 1)), notB)));

        KeptPrefix moved = kept(new Holder(A, LIFE, 1), new Holder(B, LIFE, 1));
        for (int turn = 0; turn < 20; turn++) {
            assertEquals(B, placed(route(moved, Set.of())), "it is kept elsewhere already");
        }
    }

    private Decision route(KeptPrefix kept, Set<WorkerId> excluded) {
        placer.release(new TurnId("t"), 0);
        return placer.route(request(kept, AnswerExtras.NONE, excluded, 1), 0, 0);
    }

    private static KeptPrefix kept(Holder... holders) {
        return new KeptPrefix(List.of(holders), List.of());
    }

    private static WorkerId placed(Decision decision) {
        return assertInstanceOf(Decision.Placed.class, decision).placement().worker();
    }

    private void join(WorkerId worker, String model, AnswerExtras extras) {
        join(worker, new EngineFacts(List.of(model), BLOCK, 100, 8192, 2, 10_000, EngineCapabilities.NONE, extras));
    }

    private void join(WorkerId worker, EngineFacts facts) {
        placer.join(worker, LIFE, facts, WorkerState.READY, WorkerLoad.idle(facts.deviceBlocks()));
    }

    private static EngineFacts facts(String model, int deviceBlocks, int contextTokens) {
        return new EngineFacts(List.of(model), BLOCK, deviceBlocks, 8192, 2, contextTokens, EngineCapabilities.NONE);
    }

    private WorkerId placed(AnswerExtras extras) {
        return ((Decision.Placed) placer.route(request(extras, Set.of(), 1), 0, 0))
                .placement()
                .worker();
    }

    private RouteOutcome outcome(AnswerExtras extras, long... chain) {
        return refused(extras, Set.of(), chain).outcome();
    }

    private Decision.Refused refused(AnswerExtras extras, Set<WorkerId> excluded, long... chain) {
        return (Decision.Refused) placer.route(request(extras, excluded, chain), 0, 0);
    }

    private static RouteRequest request(AnswerExtras extras, Set<WorkerId> excluded, long... chain) {
        return request(KeptPrefix.NOTHING, extras, excluded, chain);
    }

    private static RouteRequest request(KeptPrefix kept, AnswerExtras extras, Set<WorkerId> excluded, long... chain) {
        return request("m", kept, extras, excluded, chain);
    }

    private static RouteRequest request(
            String model, KeptPrefix kept, AnswerExtras extras, Set<WorkerId> excluded, long... chain) {
        PromptBlocks blocks = PromptBlocks.of(BLOCK, chain);
        return new RouteRequest(
                new TurnId("t"),
                model,
                5,
                blocks,
                blocks.tokens() + 3,
                20,
                0,
                0,
                null,
                0,
                kept,
                extras,
                excluded::contains);
    }
}
