package router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import inference.TurnId;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import kv.RunPrefixIndex;
import metrics.Metrics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import router.placement.Explanation;
import router.placement.RouteOutcome;
import testkit.ActorTestKitExtension;
import testkit.PromptTooLong;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class RouterTest {
    @RegisterExtension
    static final ActorTestKitExtension EXTENSION = ActorTestKitExtension.withManualTime();

    private final AtomicLong nanos = new AtomicLong();
    private final ActorRef<Router.Command> router = EXTENSION
            .kit()
            .spawn(Router.create(
                    RouterFixture.placer(new RunPrefixIndex()), RouterFixture.MAX_WAIT, new Metrics(), nanos::get));
    private final TestProbe<Router.RouteReply> replies = EXTENSION.kit().createTestProbe();
    private TestProbe<Object> owner = EXTENSION.kit().createTestProbe();

    private void join(kv.WorkerId worker) {
        router.tell(new Router.WorkerJoined(
                worker, RouterFixture.LIFE, RouterFixture.ONE_SLOT, WorkerState.READY, WorkerLoad.idle(100)));
    }

    private void route(String turn, int strictPriority) {
        route(turn, strictPriority, replies);
    }

    private void route(String turn, int strictPriority, TestProbe<Router.RouteReply> replies) {
        owner = EXTENSION.kit().createTestProbe();
        router.tell(new Router.Route(RouterFixture.request(turn, strictPriority, 1), owner.getRef(), replies.getRef()));
    }

    /** Returns when the router has handled everything sent so far: only then do its timers know the manual time. */
    private void awaitProcessed() {
        TestProbe<Explanation> explanation = EXTENSION.kit().createTestProbe();
        router.tell(new Router.Explain(RouterFixture.request("any", 0, 1), explanation.getRef()));
        explanation.receiveMessage();
    }

    private kv.WorkerId placed() {
        return replies.expectMessageClass(Router.Placed.class).placement().worker();
    }

    @Test
    void aTurnThatFindsEveryWorkerBusyWaitsUntilOneIsReleased() {
        join(RouterFixture.A);
        route("first", 0);
        assertEquals(RouterFixture.A, placed());

        route("second", 0);
        awaitProcessed();
        replies.expectNoMessage(Duration.ZERO);
        router.tell(new Router.Release(new TurnId("first"), false));

        assertEquals(RouterFixture.A, placed());
    }

    @Test
    void strictPriorityOvertakesWhoeverWaitsLonger() {
        join(RouterFixture.A);
        route("running", 0);
        placed();
        TestProbe<Router.RouteReply> low = EXTENSION.kit().createTestProbe();
        TestProbe<Router.RouteReply> high = EXTENSION.kit().createTestProbe();
        route("low", 0, low);
        route("high", 9, high);

        router.tell(new Router.Release(new TurnId("running"), false));

        high.expectMessageClass(Router.Placed.class);
        awaitProcessed();
        low.expectNoMessage(Duration.ZERO);
    }

    @Test
    void aTurnWaitsNoLongerThanTheQueueAllows() {
        join(RouterFixture.A);
        route("running", 0);
        placed();
        route("waiting", 0);
        awaitProcessed();

        nanos.addAndGet(RouterFixture.MAX_WAIT.toNanos() + 1);
        ManualTime.get(EXTENSION.kit().system()).timePasses(RouterFixture.MAX_WAIT);

        assertEquals(
                RouteOutcome.WAITED_TOO_LONG,
                replies.expectMessageClass(Router.NotPlaced.class).outcome());
    }

    @Test
    void aTurnWhoseActorStopsGivesItsPlaceBack() {
        join(RouterFixture.A);
        route("running", 0);
        placed();
        TestProbe<Object> runningOwner = owner;
        TestProbe<Router.RouteReply> next = EXTENSION.kit().createTestProbe();
        route("next", 0, next);

        runningOwner.stop();

        next.expectMessageClass(Router.Placed.class);
    }

    @Test
    void aRefusalFreesThePlaceAndCorrectsTheLoad() {
        join(RouterFixture.A);
        join(RouterFixture.B);
        route("turn", 0);
        kv.WorkerId first = placed();

        router.tell(new Router.Refused(new TurnId("turn"), first, new WorkerLoad(1, 0, 10, 0, 0, 100, 0)));
        route("turn", 0);

        assertEquals(first.equals(RouterFixture.A) ? RouterFixture.B : RouterFixture.A, placed());
    }

    @Test
    void aPromptThatFitsNoWorkerIsToldItsLengthAndTheLongestThatFits() {
        join(RouterFixture.A);
        router.tell(
                new Router.Route(RouterFixture.request("turn", 0, new long[200]), owner.getRef(), replies.getRef()));

        Router.NotPlaced refused = replies.expectMessageClass(Router.NotPlaced.class);
        assertEquals(RouteOutcome.TOO_LONG, refused.outcome());
        PromptTooLong.assertTold(3203, 1599, refused.message());
    }

    @Test
    void withoutAnyWorkerATurnIsRefusedAtOnceButItsModelIsNotCalledUnknown() {
        route("turn", 0);
        assertEquals(
                RouteOutcome.NO_WORKER,
                replies.expectMessageClass(Router.NotPlaced.class).outcome());
    }
}
