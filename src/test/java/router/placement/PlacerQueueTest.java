package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import inference.InferenceFailure.Kind;
import inference.TurnId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import router.queue.BusyThreshold;
import router.queue.QueuePolicy;
import router.queue.QueueSettings;
import testkit.PublishedStrategies;
import testkit.Transfers;
import workers.status.TimingModel;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** Turns for which no worker has room. */
class PlacerQueueTest extends PlacerFixture {
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
    void aTurnThatWaitsForItsChoiceIsLookedAtOnceASecondWhileNothingMakesRoom() {
        Placer placer = waitingForItsChoice();
        for (long now = 0; now < SECOND; now += SECOND / 20) {
            placer.update(A, WorkerState.READY, used(80));
            assertEquals(List.of(), placer.drain(now));
        }

        assertEquals(SECOND, placer.nextDrainNanos(SECOND - 1).orElseThrow());
        assertEquals(B, worker(placer.drain(SECOND).get(0).decision()));
    }

    @Test
    void aTurnThatWaitsForItsChoiceIsLookedAtWhenAReportMadeRoom() {
        Placer placer = waitingForItsChoice();

        placer.update(A, WorkerState.READY, used(79));

        assertEquals(B, worker(placer.drain(1).get(0).decision()));
    }

    @Test
    void aTurnThatWaitsForItsChoiceIsLookedAtWhenThatIsLost() {
        Placer placer = waitingForItsChoice();

        placer.lost(A);

        assertEquals(B, worker(placer.drain(1).get(0).decision()));
    }

    /** A turn waits for a worker that is busy; it is no longer better off there, which nobody but the index knows. */
    private Placer waitingForItsChoice() {
        Placer placer = placer("prefix-scorer");
        join(placer, A, B);
        long[] context = LongStream.rangeClosed(1, 80).toArray();
        hold(A, context);
        for (String busy : List.of("one", "two")) {
            assertEquals(A, worker(placer.route(request(busy, context), 0, 0)));
            placer.firstToken(new TurnId(busy), 0);
        }
        placer.update(A, WorkerState.READY, used(80));
        assertInstanceOf(Decision.Queued.class, placer.route(request("three", context), 0, 0));
        assertEquals(List.of(), placer.drain(0));
        hold(B, context);
        return placer;
    }

    private static WorkerLoad used(int blocks) {
        return new WorkerLoad(2, 0, blocks, 100 - blocks, 0, 100, 0);
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
}
