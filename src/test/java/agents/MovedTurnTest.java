package agents;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.testkit.TestPublisher;
import akka.stream.testkit.TestSubscriber;
import inference.AgentHints;
import inference.InferenceEvent;
import inference.InferenceEvent.Failed;
import inference.InferenceEvent.TextDelta;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.Sampling;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import router.Router;
import router.placement.RouteOutcome;
import router.placement.RouteRequest;
import workers.EngineClient;

/** Where a turn may go when its engine dies after its first token, among engines of several kinds. */
class MovedTurnTest extends TurnFixture {
    private static final InferenceRequest BY_CHANCE = REQUEST;
    private static final InferenceRequest SEEDED = drawn(Sampling.DEFAULT.seeded(7L));
    private static final InferenceRequest LIKELIEST = drawn(
            new Sampling(null, null, 0.0, null, null, null, null, null, List.of(), null, null, Sampling.UNBIASED));

    @Test
    void anEngineThatGoesOnTakesTheTurnOfOneThatCouldNot() {
        TestSubscriber.Probe<InferenceEvent> client =
                run(BY_CHANCE, session, worker -> worker.equals(FIRST) ? engine(FIRST) : resumingEngine(SECOND));
        diesAfterItsFirstWord(client);

        assertEquals(Set.of(FIRST), excluded(placeOn(SECOND)));
        admit(SECOND);
        engineOf(SECOND).sendNext(new TextDelta(" there"));
        engineOf(SECOND).sendNext(DONE);

        client.request(2);
        client.expectNext(new TextDelta(" there"), DONE);
        client.expectComplete();
        assertNotNull(resumed.get());
    }

    @Test
    void anEngineThatCannotGoOnIsPassedOver() {
        TestSubscriber.Probe<InferenceEvent> client =
                run(BY_CHANCE, session, worker -> worker.equals(FIRST) ? resumingEngine(FIRST) : engine(SECOND));
        diesAfterItsFirstWord(client);

        assertEquals(Set.of(FIRST, SECOND), excluded(nobodyLeft()));
        fails(client, Kind.ENGINE_FAILED);
    }

    @Test
    void aSeedMeansTheSameOnlyToEnginesOfOneKind() {
        assertEquals(Set.of(FIRST), excludedAfterDeath(SEEDED, this::engine));
        assertEquals(Set.of(FIRST, SECOND), excludedAfterDeath(SEEDED, worker -> engine(worker, worker.url())));
    }

    @Test
    void theLikeliestTokensAreTheSameForEveryKind() {
        assertEquals(Set.of(FIRST), excludedAfterDeath(LIKELIEST, worker -> engine(worker, worker.url())));
    }

    @Test
    void aSeedDoesNotTellAgainWhatASecondEngineAdded() {
        WorkerId third = new WorkerId("http://127.0.0.1:9003");
        TestSubscriber.Probe<InferenceEvent> client =
                run(SEEDED, session, worker -> worker.equals(SECOND) ? resumingEngine(SECOND) : engine(worker));
        diesAfterItsFirstWord(client);
        assertFalse(placeOn(SECOND).excluded().test(third), "it could tell the first word again");
        admit(SECOND);
        engineOf(SECOND).sendNext(new TextDelta(" there"));
        client.request(1);
        client.expectNext(new TextDelta(" there"));
        router.expectMessageClass(Router.FirstToken.class);
        engineOf(SECOND).sendNext(failed());

        router.expectMessageClass(Router.Release.class);
        assertTrue(nobodyLeft().excluded().test(third));
        fails(client, Kind.ENGINE_FAILED);
    }

    private Set<WorkerId> excludedAfterDeath(InferenceRequest request, Function<WorkerId, EngineClient> kinds) {
        create();
        TestSubscriber.Probe<InferenceEvent> client = run(request, session, kinds);
        diesAfterItsFirstWord(client);
        Set<WorkerId> excluded = excluded(nobodyLeft());
        fails(client, Kind.ENGINE_FAILED);
        return excluded;
    }

    /** The turn finds nobody any more. */
    private RouteRequest nobodyLeft() {
        Router.Route again = router.expectMessageClass(Router.Route.class);
        again.replyTo().tell(new Router.NotPlaced(RouteOutcome.NO_WORKER, "none"));
        return again.request();
    }

    private void diesAfterItsFirstWord(TestSubscriber.Probe<InferenceEvent> client) {
        engines.clear();
        TestPublisher.Probe<InferenceEvent> engine = streaming(FIRST);
        engine.sendNext(new TextDelta("hi"));
        engine.sendNext(failed());
        client.request(1);
        client.expectNext(new TextDelta("hi"));
        router.expectMessageClass(Router.FirstToken.class);
        router.expectMessageClass(Router.Release.class);
    }

    private static Failed failed() {
        return new Failed(InferenceFailure.of(Kind.ENGINE_FAILED, "killed"));
    }

    private static InferenceRequest drawn(Sampling sampling) {
        return REQUEST.answeredBy(REQUEST.turn(), sampling, AgentHints.NONE);
    }
}
