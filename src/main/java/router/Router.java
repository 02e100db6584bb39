package router;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import inference.TurnId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import kv.Incarnation;
import kv.WorkerId;
import metrics.Metric;
import metrics.Metrics;
import org.jspecify.annotations.Nullable;
import router.placement.Decision;
import router.placement.Explanation;
import router.placement.Placement;
import router.placement.Placer;
import router.placement.Resolved;
import router.placement.RouteOutcome;
import router.placement.RouteRequest;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * Places the turns of one frontend node: the shell of a {@link Placer}, with its timers, its death watch and its replies.
 * Local to its node: its protocol never crosses the network.
 */
public final class Router extends AbstractBehavior<Router.Command> {

    /** What a router is told. */
    public sealed interface Command {}

    /**
     * Asks for a worker; the answer comes at once or after a wait in the pending queue. A turn that stops is released by
     * death watch on {@code owner}.
     *
     * @param owner the turn's actor, which serves no other turn
     */
    public record Route(RouteRequest request, ActorRef<?> owner, ActorRef<RouteReply> replyTo) implements Command {}

    /** The worker refused the turn with its current load: the placement is undone and the view corrected. */
    public record Refused(TurnId turn, WorkerId worker, WorkerLoad load) implements Command {}

    /** The turn's first token came: its prefill is done. */
    public record FirstToken(TurnId turn) implements Command {}

    /**
     * The turn is over or gives up its place in the queue.
     *
     * @param callsTools whether its session comes back when its tools are done
     */
    public record Release(TurnId turn, boolean callsTools) implements Command {}

    /** Asks what would be chosen, and why, without placing anything. */
    public record Explain(RouteRequest request, ActorRef<Explanation> replyTo) implements Command {}

    /** Asks how many workers take turns and how many turns wait. */
    public record GetStatus(ActorRef<Status> replyTo) implements Command {}

    /** A worker joined, or is there again in another incarnation. */
    record WorkerJoined(WorkerId worker, Incarnation incarnation, EngineFacts facts, WorkerState state, WorkerLoad load)
            implements Command {}

    /** A worker's state or load changed. */
    record WorkerChanged(WorkerId worker, WorkerState state, WorkerLoad load) implements Command {}

    /** Nobody speaks for the worker any more. */
    record WorkerLost(WorkerId worker) implements Command {}

    private record OwnerStopped(TurnId turn) implements Command {}

    private record QueueWaitOver(TurnId turn) implements Command {}

    /** A turn has waited long enough for its sibling. */
    private record DrainDue() implements Command {}

    /** Answer to {@link Route}. */
    public sealed interface RouteReply {}

    /** The turn has a worker. */
    public record Placed(Placement placement) implements RouteReply {}

    /** The turn gets no worker; {@code outcome} is never {@code PLACED}. */
    public record NotPlaced(RouteOutcome outcome, String message) implements RouteReply {}

    /** Answer to {@link GetStatus}. */
    public record Status(int acceptingWorkers, int waitingTurns) {}

    /**
     * A router over a placer.
     *
     * @param placer owned by the router from here on
     * @param maxWait how long a turn may wait in the placer's queue
     * @param nanoClock monotonic
     */
    public static Behavior<Command> create(Placer placer, Duration maxWait, Metrics metrics, LongSupplier nanoClock) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new Router(context, timers, placer, maxWait, metrics, nanoClock)));
    }

    /** Well above the difference between a timer's clock and a monotonic one. */
    private static final Duration TIMER_SLACK = Duration.ofMillis(5);

    private final TimerScheduler<Command> timers;
    private final Placer placer;
    private final Duration maxWait;
    private final Metrics metrics;
    private final LongSupplier nanoClock;
    /** Turns between {@link Route} and their release. */
    private final Map<TurnId, Turn> turns = new HashMap<>();

    private Router(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Placer placer,
            Duration maxWait,
            Metrics metrics,
            LongSupplier nanoClock) {
        super(context);
        this.timers = timers;
        this.placer = placer;
        this.maxWait = maxWait;
        this.metrics = metrics;
        this.nanoClock = nanoClock;
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Route.class, this::onRoute)
                .onMessage(Refused.class, this::onRefused)
                .onMessage(FirstToken.class, this::onFirstToken)
                .onMessage(Release.class, this::onRelease)
                .onMessage(Explain.class, this::onExplain)
                .onMessage(GetStatus.class, this::onGetStatus)
                .onMessage(WorkerJoined.class, this::onWorkerJoined)
                .onMessage(WorkerChanged.class, this::onWorkerChanged)
                .onMessage(WorkerLost.class, this::onWorkerLost)
                .onMessage(OwnerStopped.class, this::onOwnerStopped)
                .onMessage(QueueWaitOver.class, this::onQueueWaitOver)
                .onMessage(DrainDue.class, due -> drain())
                .build();
    }

    private Behavior<Command> onRoute(Route route) {
        TurnId id = route.request().turn();
        Turn known = turns.get(id);
        long start = nanoClock.getAsLong();
        if (known == null) {
            getContext().watchWith(route.owner(), new OwnerStopped(id));
        }
        Turn turn = new Turn(
                known == null ? route.owner() : known.owner,
                route.replyTo(),
                known == null ? start : known.arrivalNanos);
        turns.put(id, turn);
        Decision decision = placer.route(route.request(), turn.arrivalNanos, start);
        metrics.time(Metric.ROUTE_DECISION, Duration.ofNanos(nanoClock.getAsLong() - start));
        if (decision instanceof Decision.Queued) {
            timers.startSingleTimer(id, new QueueWaitOver(id), maxWait);
        }
        answer(id, decision);
        return drain();
    }

    private Behavior<Command> onRefused(Refused refused) {
        placer.refused(refused.turn(), refused.worker(), refused.load(), nanoClock.getAsLong());
        return drain();
    }

    private Behavior<Command> onFirstToken(FirstToken first) {
        placer.firstToken(first.turn(), nanoClock.getAsLong());
        return drain();
    }

    private Behavior<Command> onRelease(Release release) {
        Turn turn = turns.get(release.turn());
        if (turn != null) {
            getContext().unwatch(turn.owner);
        }
        return forget(release.turn(), release.callsTools());
    }

    private Behavior<Command> onExplain(Explain explain) {
        explain.replyTo().tell(placer.explain(explain.request(), nanoClock.getAsLong()));
        return this;
    }

    private Behavior<Command> onGetStatus(GetStatus query) {
        query.replyTo().tell(new Status(placer.acceptingWorkers(), placer.waiting()));
        return this;
    }

    private Behavior<Command> onWorkerJoined(WorkerJoined joined) {
        placer.join(joined.worker(), joined.incarnation(), joined.facts(), joined.state(), joined.load());
        return drain();
    }

    private Behavior<Command> onWorkerChanged(WorkerChanged changed) {
        placer.update(changed.worker(), changed.state(), changed.load());
        return drain();
    }

    private Behavior<Command> onWorkerLost(WorkerLost lost) {
        placer.lost(lost.worker());
        return drain();
    }

    private Behavior<Command> onOwnerStopped(OwnerStopped stopped) {
        return forget(stopped.turn(), false);
    }

    private Behavior<Command> onQueueWaitOver(QueueWaitOver over) {
        drain();
        Turn turn = turns.get(over.turn());
        if (turn != null && turn.replyTo != null) {
            // The timer's clock ran ahead of ours.
            timers.startSingleTimer(over.turn(), over, TIMER_SLACK);
        }
        return this;
    }

    private Behavior<Command> forget(TurnId turn, boolean callsTools) {
        Turn forgotten = turns.remove(turn);
        if (forgotten != null && forgotten.replyTo != null) {
            metrics.count(Metric.ROUTES, RouteOutcome.CANCELLED.label());
        }
        timers.cancel(turn);
        placer.release(turn, callsTools, nanoClock.getAsLong());
        return drain();
    }

    /** Whatever changed may have made room: answers the turns that left the queue. */
    private Behavior<Command> drain() {
        long now = nanoClock.getAsLong();
        for (Resolved resolved : placer.drain(now)) {
            timers.cancel(resolved.turn());
            answer(resolved.turn(), resolved.decision());
        }
        placer.nextDrainNanos(now)
                .ifPresent(next -> timers.startSingleTimer(
                        DrainDue.class,
                        new DrainDue(),
                        Duration.ofNanos(next - now).plus(TIMER_SLACK)));
        return this;
    }

    private void answer(TurnId id, Decision decision) {
        Turn turn = turns.get(id);
        if (turn == null || turn.replyTo == null) {
            return;
        }
        if (decision instanceof Decision.Placed placed) {
            metrics.count(Metric.ROUTES, RouteOutcome.PLACED.label());
            metrics.time(Metric.QUEUE_WAIT, Duration.ofNanos(placed.placement().queuedNanos()));
            turn.replyTo.tell(new Placed(placed.placement()));
            turns.put(id, turn.answered());
        } else if (decision instanceof Decision.Refused refused) {
            metrics.count(Metric.ROUTES, refused.outcome().label());
            turn.replyTo.tell(new NotPlaced(refused.outcome(), refused.message()));
            turns.put(id, turn.answered());
        }
    }

    /** A turn's actor, where its answer goes while it waits for one, and when it was first routed. */
    private record Turn(ActorRef<?> owner, @Nullable ActorRef<RouteReply> replyTo, long arrivalNanos) {
        Turn answered() {
            return new Turn(owner, null, arrivalNanos);
        }
    }
}
