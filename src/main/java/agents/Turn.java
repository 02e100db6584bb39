package agents;

import agents.session.RenderedPrompt;
import agents.session.TurnAttempts;
import agents.session.TurnOutcome;
import agents.session.TurnResult;
import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.stream.javadsl.Source;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.SessionId;
import inference.TurnClient;
import java.time.Duration;
import kv.WorkerId;
import metrics.Metric;
import org.jspecify.annotations.Nullable;
import router.LeaseKeeper;
import router.Router;
import router.placement.RouteOutcome;
import router.placement.RouteRequest;
import workers.EngineClient;
import workers.Seat;
import workers.Worker;

/**
 * One request from its arrival to its last event, on the node that took it.
 *
 * <p>BEGINNING: the session says how the prompt continues it and the keeper what is kept of it, while the prompt is rendered =>
 * ROUTING.<br>
 * ROUTING: the router proposes a worker => ADMITTING; proposes none => RECORDING.<br>
 * ADMITTING: the worker admits => STREAMING; refuses or is silent => ROUTING again, without it.<br>
 * STREAMING: events go from the engine to the client, one at a time, so that a slow client slows the engine; the engine
 * fails, before its first event or where another can go on with the answer => ROUTING again; its terminal event =>
 * RECORDING.<br>
 * RECORDING: the session stores the turn's end => ENDED; it cannot in time => ENDED with a failure instead.<br>
 * ENDED: the terminal event is the client's to take; the turn stops.
 *
 * <p>A client that leaves takes the turn to RECORDING from any earlier stage, and nothing is delivered. Every turn counts
 * exactly one {@link TurnOutcome}.
 */
final class Turn extends AbstractBehavior<Turn.Command> {

    /** What a turn is told, all of it by itself and by those it asked. */
    sealed interface Command {}

    private record SessionReplied(AgentSession.@Nullable BeginReply reply, @Nullable Throwable failure)
            implements Command {}

    private record KeeperReplied(SessionId root, LeaseKeeper.@Nullable Resumed reply) implements Command {}

    private record RouterReplied(Router.RouteReply reply) implements Command {}

    private record WorkerReplied(WorkerId worker, Worker.@Nullable AdmitReply reply, @Nullable Throwable failure)
            implements Command {}

    private record EngineSent(int placement, InferenceEvent event) implements Command {}

    private record ClientTook() implements Command {}

    private record ClientLeft() implements Command {}

    private record RenewalDue() implements Command {}

    private record EngineSilent() implements Command {}

    private record StoreReplied(@Nullable Throwable failure) implements Command {}

    /** Where a turn stands. */
    private enum Stage {
        BEGINNING,
        ROUTING,
        ADMITTING,
        STREAMING,
        RECORDING,
        ENDED
    }

    /** Renewals per validity of an admission: one may be lost. */
    private static final int RENEWALS = 3;

    private final InferenceRequest request;
    private final TurnClient client;
    private final TurnPorts ports;
    private final TimerScheduler<Command> timers;
    private final ActorRef<Router.RouteReply> routerReplies;
    private final TurnAttempts attempts;
    private final HeldPlace place;
    private final SessionBook book;
    private final LeaseAsk kept;
    private final RenderedPrompt prompt;
    private final Runnable clientTook;

    private Stage stage = Stage.BEGINNING;
    private @Nullable WorkerId lastWorker;
    private int knownBlocks;
    private boolean begun;
    private int expectedOutputTokens;
    private @Nullable Duration timeToFirstToken;
    private @Nullable TurnResult result;
    private @Nullable InferenceEvent ending;

    static Behavior<Command> create(InferenceRequest request, TurnClient client, TurnPorts ports) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            try {
                return new Turn(context, timers, request, client, ports);
            } catch (RuntimeException e) {
                abandon(client, ports);
                throw e;
            }
        }));
    }

    private Turn(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            InferenceRequest request,
            TurnClient client,
            TurnPorts ports) {
        super(context);
        this.request = request;
        this.client = client;
        this.ports = ports;
        this.timers = timers;
        this.routerReplies = context.messageAdapter(Router.RouteReply.class, RouterReplied::new);
        this.book = new SessionBook(request, ports);
        this.kept = new LeaseAsk(request.session(), ports);
        this.place = new HeldPlace(request.turn(), ports);
        this.attempts = new TurnAttempts(ports.settings().maxPlacements());
        ActorRef<Command> self = context.getSelf();
        this.clientTook = () -> self.tell(new ClientTook());
        client.whenLeft(() -> self.tell(new ClientLeft()));
        askToBegin();
        askKeeper();
        // While the session looks up the prompt, the same time is spent on rendering it.
        this.prompt = ports.renderer().render(request, book.chain());
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(SessionReplied.class, this::onSessionReplied)
                .onMessage(KeeperReplied.class, this::onKeeperReplied)
                .onMessage(RouterReplied.class, this::onRouterReplied)
                .onMessage(WorkerReplied.class, this::onWorkerReplied)
                .onMessage(EngineSent.class, this::onEngineSent)
                .onMessage(ClientTook.class, this::onClientTook)
                .onMessage(ClientLeft.class, this::onClientLeft)
                .onMessage(RenewalDue.class, this::onRenewalDue)
                .onMessage(EngineSilent.class, this::onEngineSilent)
                .onMessage(StoreReplied.class, this::onStoreReplied)
                .onSignal(PostStop.class, this::onPostStop)
                .build();
    }

    private void askToBegin() {
        book.begin(getContext(), SessionReplied::new);
    }

    private void askKeeper() {
        SessionId root = kept.root();
        kept.ask(getContext(), (resumed, failure) -> new KeeperReplied(root, resumed));
    }

    private Behavior<Command> onKeeperReplied(KeeperReplied replied) {
        if (stage != Stage.BEGINNING) {
            return this;
        }
        kept.answered(replied.root(), replied.reply());
        return begun && kept.known() ? place() : this;
    }

    private Behavior<Command> onSessionReplied(SessionReplied replied) {
        if (stage != Stage.BEGINNING) {
            return this;
        }
        if (replied.reply() instanceof AgentSession.TurnBegun turn) {
            lastWorker = turn.lastWorker();
            knownBlocks = turn.knownBlocks();
            begun = true;
            if (kept.moved(turn.root())) {
                askKeeper();
            }
            return kept.known() ? place() : this;
        }
        if (replied.reply() instanceof AgentSession.TurnRunning) {
            // Not ours to record: the end of the turn that runs will be.
            return deliverUnrecorded(new InferenceFailure(
                    Kind.CONFLICT,
                    "turn " + request.turn().value() + " is running already",
                    null,
                    ports.settings().storeAskTimeout()));
        }
        if (book.timeLeft()) {
            askToBegin();
            return this;
        }
        return deliverUnrecorded(book.unavailable("begin"));
    }

    /** Asks the router for a worker. */
    private Behavior<Command> place() {
        stage = Stage.ROUTING;
        RouteRequest wanted = TurnService.routeRequest(
                request,
                prompt,
                ports.settings(),
                lastWorker,
                knownBlocks,
                kept.prefix(prompt.blocks()),
                attempts.excluded());
        expectedOutputTokens = wanted.expectedOutputTokens();
        ports.router().tell(new Router.Route(wanted, getContext().getSelf(), routerReplies));
        return this;
    }

    private Behavior<Command> onRouterReplied(RouterReplied replied) {
        if (stage != Stage.ROUTING) {
            return this;
        }
        if (replied.reply() instanceof Router.Placed placed) {
            WorkerId chosen = placed.placement().worker();
            attempts.placed();
            place.proposed(chosen, placed.placement().pullFrom());
            stage = Stage.ADMITTING;
            getContext()
                    .ask(
                            Worker.AdmitReply.class,
                            ports.workers().apply(chosen),
                            ports.settings().admissionTimeout(),
                            replyTo -> new Worker.AdmitTurn(
                                    request.turn(),
                                    prompt.inputTokens(),
                                    expectedOutputTokens,
                                    prompt.cachedPart(placed.placement().expectedCachedTokens()),
                                    placed.placement().source(),
                                    replyTo),
                            (reply, failure) -> new WorkerReplied(chosen, reply, failure));
            return this;
        }
        Router.NotPlaced refusal = (Router.NotPlaced) replied.reply();
        boolean nobodyLeft = refusal.outcome() == RouteOutcome.NO_WORKER;
        if (nobodyLeft && attempts.mayPlace() && attempts.forgiveFull()) {
            return place();
        }
        InferenceFailure failure = PlacementFailures.of(refusal);
        return fail(nobodyLeft ? attempts.failureOr(failure) : failure);
    }

    private Behavior<Command> onWorkerReplied(WorkerReplied replied) {
        if (stage != Stage.ADMITTING) {
            return this;
        }
        if (replied.reply() instanceof Worker.Admitted admitted) {
            stream(replied.worker(), admitted);
            return this;
        }
        if (replied.reply() instanceof Worker.AdmissionRefused refused) {
            place.refused(refused);
            if (refused.reason() == Worker.RefusalReason.FULL) {
                attempts.full(replied.worker());
            } else {
                attempts.lost(replied.worker(), PlacementFailures.of(refused));
            }
            return placeAgain(PlacementFailures.of(refused));
        }
        return lost(PlacementFailures.silent(replied.worker()));
    }

    private void stream(WorkerId admittedBy, Worker.Admitted admitted) {
        stage = Stage.STREAMING;
        timers.startTimerAtFixedRate(new RenewalDue(), admitted.validFor().dividedBy(RENEWALS));
        int placement = attempts.placements();
        ActorRef<Command> self = getContext().getSelf();
        EngineStream events = new EngineStream(event -> self.tell(new EngineSent(placement, event)));
        place.opened(
                admitted.place(),
                answer(ports.engines().apply(admittedBy), admitted.place().seat())
                        .runWith(events, getContext().getSystem()));
        pull();
    }

    private Source<InferenceEvent, NotUsed> answer(EngineClient engine, Seat seat) {
        return timeToFirstToken == null
                ? engine.generate(request, seat, place.pullFrom())
                : engine.resume(request, book.begunAnswer(), seat);
    }

    /** Asks the engine for its next event. */
    private void pull() {
        EngineStream.Answer engine = place.stream();
        if (engine != null) {
            timers.startSingleTimer(new EngineSilent(), ports.settings().engineSilenceTimeout());
            engine.next();
        }
    }

    private Behavior<Command> onEngineSent(EngineSent sent) {
        if (stage != Stage.STREAMING || sent.placement() != attempts.placements()) {
            return this;
        }
        timers.cancel(new EngineSilent());
        if (sent.event() instanceof InferenceEvent.Failed failed) {
            return engineFailed(failed.failure());
        }
        if (sent.event() instanceof InferenceEvent.Finished finished) {
            place.finished(prompt.blocks(), finished.usage(), finished.reason());
            return record(TurnOutcome.COMPLETED, finished);
        }
        if (timeToFirstToken == null) {
            timeToFirstToken = book.elapsed();
            ports.metrics().time(Metric.TIME_TO_FIRST_TOKEN, timeToFirstToken);
        }
        place.answered(prompt.blocks());
        book.answered(sent.event());
        client.offer(sent.event(), clientTook);
        return this;
    }

    private Behavior<Command> engineFailed(InferenceFailure failure) {
        if (!TurnAttempts.curable(failure.kind())) {
            return fail(failure);
        }
        WorkerId worker = place.worker();
        place.reportFailure(failure.message());
        boolean movable = worker != null
                && (timeToFirstToken == null || ports.engines().apply(worker).resumes(book.begunAnswer()));
        return movable ? lost(failure) : fail(failure);
    }

    private Behavior<Command> onEngineSilent(EngineSilent silent) {
        if (stage != Stage.STREAMING) {
            return this;
        }
        return engineFailed(InferenceFailure.of(
                Kind.ENGINE_FAILED,
                "the engine sent nothing for " + ports.settings().engineSilenceTimeout()
                        + " (holdfast.agents.turn.engine-silence-timeout)"));
    }

    private Behavior<Command> lost(InferenceFailure failure) {
        WorkerId worker = place.worker();
        if (worker != null) {
            attempts.lost(worker, failure);
        }
        getContext()
                .getLog()
                .info(
                        "turn {}: lost by {} {} its first token: {}",
                        request.turn().value(),
                        worker,
                        timeToFirstToken == null ? "before" : "after",
                        failure.message());
        letGo();
        return placeAgain(failure);
    }

    private Behavior<Command> placeAgain(InferenceFailure reason) {
        return attempts.mayPlace() ? place() : fail(reason);
    }

    private Behavior<Command> onClientTook(ClientTook took) {
        if (stage == Stage.STREAMING) {
            pull();
        }
        return this;
    }

    private Behavior<Command> onClientLeft(ClientLeft left) {
        return switch (stage) {
            case BEGINNING, ROUTING, ADMITTING, STREAMING ->
                record(
                        TurnOutcome.CANCELLED,
                        new InferenceEvent.Failed(InferenceFailure.of(Kind.CANCELLED, "the client left")));
            case RECORDING, ENDED -> this;
        };
    }

    private Behavior<Command> onRenewalDue(RenewalDue due) {
        place.renew();
        return this;
    }

    private Behavior<Command> fail(InferenceFailure failure) {
        return record(TurnOutcome.of(failure.kind()), new InferenceEvent.Failed(failure));
    }

    /** The turn is over: frees what it holds at once, and delivers its end when that is durable. */
    private Behavior<Command> record(TurnOutcome outcome, InferenceEvent last) {
        stage = Stage.RECORDING;
        ending = last;
        result = book.end(outcome, last, prompt, place.worker(), timeToFirstToken);
        letGo();
        askToRecord(result);
        return this;
    }

    private void askToRecord(TurnResult toRecord) {
        book.record(getContext(), toRecord, (recorded, failure) -> new StoreReplied(failure));
    }

    private Behavior<Command> onStoreReplied(StoreReplied replied) {
        if (stage != Stage.RECORDING || result == null || ending == null) {
            return this;
        }
        if (replied.failure() == null) {
            return deliver(result.outcome(), ending);
        }
        if (book.timeLeft()) {
            askToRecord(result);
            return this;
        }
        return deliverUnrecorded(book.unavailable("record"));
    }

    private Behavior<Command> deliverUnrecorded(InferenceFailure failure) {
        return deliver(TurnOutcome.of(failure.kind()), new InferenceEvent.Failed(failure));
    }

    private Behavior<Command> deliver(TurnOutcome outcome, InferenceEvent last) {
        stage = Stage.ENDED;
        ports.metrics().count(Metric.TURNS, outcome.label());
        getContext().getLog().debug("turn {}: {} after {}", request.turn().value(), outcome.label(), book.elapsed());
        client.end(last);
        return Behaviors.stopped();
    }

    private void letGo() {
        timers.cancelAll();
        place.letGo();
    }

    /** A fault of ours, or the node stops: the client still gets an end. */
    private Behavior<Command> onPostStop(PostStop stop) {
        if (stage != Stage.ENDED) {
            letGo();
            abandon(client, ports);
        }
        return this;
    }

    private static void abandon(TurnClient client, TurnPorts ports) {
        ports.metrics().count(Metric.TURNS, TurnOutcome.INTERNAL.label());
        client.end(
                new InferenceEvent.Failed(InferenceFailure.of(Kind.INTERNAL, "the turn was stopped before its end")));
    }
}
