package agents;

import agents.session.RenderedPrompt;
import agents.session.TurnAttempts;
import agents.session.TurnOutcome;
import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.stream.javadsl.Source;
import inference.Draw;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.Message;
import inference.PlacementReason;
import inference.ReplyBuilder;
import inference.Retelling;
import inference.TurnClient;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.Router;
import router.placement.KeptPrefix;
import router.placement.Placement;
import router.placement.RouteOutcome;
import router.placement.RouteRequest;
import workers.AdmitReply;
import workers.EngineClient;
import workers.Seat;

/**
 * How a turn gets its answer: the part of its behavior that finds a worker, takes the answer from its engine to the client, and
 * looks elsewhere when that comes to nothing.
 *
 * <p>ROUTING: the router proposes a worker => ADMITTING; proposes none => the end.<br>
 * ADMITTING: the worker admits => STREAMING; refuses or is silent => ROUTING again, without it.<br>
 * STREAMING: events go from the engine to the client, one at a time, so that a slow client slows the engine; the engine
 * fails => ROUTING again, among those that can go on with the answer or tell it again; its terminal event, an answer that is told
 * again otherwise, or a client that reads no further => the end.<br>
 * RESTING: before it is started, and once it is stopped.
 *
 * <p>Its end is told once, to the turn, which stops it then or before.
 *
 * <p>Thread-safety: confined to its turn.
 */
final class Generation {
    /** Where it stands. */
    private enum Stage {
        ROUTING,
        ADMITTING,
        STREAMING,
        RESTING
    }

    /** Told how it ended. */
    @FunctionalInterface
    interface End {
        void reached(TurnOutcome outcome, InferenceEvent last);
    }

    /** Renewals per validity of an admission: one may be lost. */
    private static final int RENEWALS = 3;

    private final ActorContext<Turn.Command> context;
    private final TimerScheduler<Turn.Command> timers;
    private final InferenceRequest request;
    private final RenderedPrompt prompt;
    private final TurnClient client;
    private final SessionBook book;
    private final TurnPorts ports;
    private final End end;
    private final ActorRef<Router.RouteReply> routerReplies;
    private final TurnAttempts attempts;
    private final HeldPlace place;
    private final Runnable clientTook;

    private Stage stage = Stage.RESTING;
    private @Nullable WorkerId lastWorker;
    private int knownBlocks;
    private KeptPrefix kept = KeptPrefix.NOTHING;
    private int expectedOutputTokens;
    private Retelling retelling = new Retelling(new ReplyBuilder());
    /** Of what the client has, empty when chance had a part in it. */
    private Optional<Draw> drawn = Optional.empty();
    /** Of the answer with what the engine adds to it. */
    private Optional<Draw> drawing = Optional.empty();

    Generation(
            ActorContext<Turn.Command> context,
            TimerScheduler<Turn.Command> timers,
            InferenceRequest request,
            RenderedPrompt prompt,
            TurnClient client,
            SessionBook book,
            TurnPorts ports,
            End end) {
        this.context = context;
        this.timers = timers;
        this.request = request;
        this.prompt = prompt;
        this.client = client;
        this.book = book;
        this.ports = ports;
        this.end = end;
        this.routerReplies = context.messageAdapter(Router.RouteReply.class, Turn.RouterReplied::new);
        this.attempts = new TurnAttempts(ports.settings().maxPlacements());
        this.place = new HeldPlace(request.turn(), ports);
        ActorRef<Turn.Command> self = context.getSelf();
        this.clientTook = () -> self.tell(new Turn.ClientTook());
    }

    /** Begins it, with what is known of the session's past. */
    void start(AgentSession.TurnBegun begun, KeptPrefix keptPrefix) {
        lastWorker = begun.lastWorker();
        knownBlocks = begun.knownBlocks();
        kept = keptPrefix;
        place();
    }

    /** The worker that has the turn, else the last one that answered, null when none did. */
    @Nullable
    WorkerId worker() {
        return place.ranOn();
    }

    /** Why that one, null when there is none. */
    @Nullable
    PlacementReason placement() {
        return place.reason();
    }

    /** Frees what is held, and lets nothing more happen. May be repeated. */
    void stop() {
        stage = Stage.RESTING;
        letGo();
    }

    private void letGo() {
        timers.cancelAll();
        place.letGo();
    }

    /** Asks the router for a worker. */
    private void place() {
        stage = Stage.ROUTING;
        RouteRequest wanted =
                TurnService.routeRequest(request, prompt, ports.settings(), lastWorker, knownBlocks, kept, excluded());
        expectedOutputTokens = wanted.expectedOutputTokens();
        ports.router().tell(new Router.Route(wanted, context.getSelf(), routerReplies));
    }

    /** Where it must not go: it was there, or could not go on there with the answer that the client has a part of. */
    private Predicate<WorkerId> excluded() {
        Set<WorkerId> tried = attempts.excluded();
        if (!book.answerBegun()) {
            return tried::contains;
        }
        Message begun = book.begunAnswer();
        Optional<Draw> draw = drawn;
        return worker -> tried.contains(worker)
                || !goesOn(request, begun, draw, ports.engines().apply(worker));
    }

    /** Whether an engine can say the rest of an answer, or tell it again. */
    private static boolean goesOn(InferenceRequest request, Message begun, Optional<Draw> drawn, EngineClient engine) {
        return engine.resumes(request, begun) || (drawn.isPresent() && drawn.equals(engine.draw(request)));
    }

    private void placeAgain(InferenceFailure reason) {
        if (attempts.mayPlace()) {
            place();
        } else {
            fail(reason);
        }
    }

    Behavior<Turn.Command> onRouterReplied(Turn.RouterReplied replied) {
        if (stage == Stage.ROUTING) {
            if (replied.reply() instanceof Router.Placed placed) {
                askToAdmit(placed.placement());
            } else {
                notPlaced((Router.NotPlaced) replied.reply());
            }
        }
        return Behaviors.same();
    }

    private void askToAdmit(Placement placement) {
        stage = Stage.ADMITTING;
        WorkerId chosen = placement.worker();
        attempts.placed();
        place.ask(
                context,
                placement,
                prompt,
                expectedOutputTokens,
                (reply, failure) -> new Turn.WorkerReplied(chosen, reply));
    }

    private void notPlaced(Router.NotPlaced refusal) {
        boolean nobodyLeft = refusal.outcome() == RouteOutcome.NO_WORKER;
        if (nobodyLeft && attempts.mayPlace() && attempts.forgiveFull()) {
            place();
            return;
        }
        InferenceFailure failure = PlacementFailures.of(refusal);
        fail(nobodyLeft ? attempts.failureOr(failure) : failure);
    }

    Behavior<Turn.Command> onWorkerReplied(Turn.WorkerReplied replied) {
        if (stage == Stage.ADMITTING) {
            if (replied.reply() instanceof AdmitReply.Admitted admitted) {
                stream(replied.worker(), admitted);
            } else if (replied.reply() instanceof AdmitReply.Refused refused) {
                refused(replied.worker(), refused);
            } else {
                lost(PlacementFailures.silent(replied.worker()));
            }
        }
        return Behaviors.same();
    }

    private void refused(WorkerId worker, AdmitReply.Refused refused) {
        place.refused(refused);
        InferenceFailure failure = PlacementFailures.of(refused, prompt.inputTokens());
        if (refused.reason() == AdmitReply.RefusalReason.FULL) {
            attempts.full(worker);
        } else {
            attempts.lost(worker, failure);
        }
        placeAgain(failure);
    }

    private void stream(WorkerId admittedBy, AdmitReply.Admitted admitted) {
        stage = Stage.STREAMING;
        timers.startTimerAtFixedRate(new Turn.RenewalDue(), admitted.validFor().dividedBy(RENEWALS));
        int placement = attempts.placements();
        ActorRef<Turn.Command> self = context.getSelf();
        EngineStream events = new EngineStream(event -> self.tell(new Turn.EngineSent(placement, event)));
        place.opened(
                admitted.place(),
                answer(ports.engines().apply(admittedBy), admitted.place().seat())
                        .runWith(events, context.getSystem()));
        pull();
    }

    /** From the engine's first word, or from where an answer that was begun elsewhere goes on. */
    private Source<InferenceEvent, NotUsed> answer(EngineClient engine, Seat seat) {
        boolean resumes = book.answerBegun() && engine.resumes(request, book.begunAnswer());
        // A seed's random numbers begin anew in what another engine adds.
        drawing = resumes ? drawn.filter(Draw.LIKELIEST::equals) : engine.draw(request);
        retelling = resumes ? new Retelling(new ReplyBuilder()) : book.retelling();
        return resumes
                ? engine.resume(request, book.begunAnswer(), seat)
                : engine.generate(request, seat, place.pullFrom());
    }

    /** Asks the engine for its next event. */
    private void pull() {
        EngineStream.Answer engine = place.stream();
        if (engine != null) {
            timers.startSingleTimer(new Turn.EngineSilent(), ports.settings().engineSilenceTimeout());
            engine.next();
        }
    }

    Behavior<Turn.Command> onEngineSent(Turn.EngineSent sent) {
        if (stage == Stage.STREAMING && sent.placement() == attempts.placements()) {
            timers.cancel(new Turn.EngineSilent());
            Retelling.Told told = retelling.next(sent.event());
            if (told instanceof Retelling.Told.New fresh) {
                take(fresh.event());
            } else if (told instanceof Retelling.Told.Different different) {
                fail(attempts.toldOtherwise(different.part()));
            } else {
                place.answered(prompt.blocks());
                pull();
            }
        }
        return Behaviors.same();
    }

    private void take(InferenceEvent event) {
        if (event instanceof InferenceEvent.Failed failed) {
            engineFailed(failed.failure());
        } else if (event instanceof InferenceEvent.Finished finished) {
            place.finished(prompt.blocks(), finished.usage(), finished.reason());
            end.reached(TurnOutcome.COMPLETED, finished);
        } else {
            timers.startSingleTimer(new Turn.ClientStalled(), ports.settings().clientStallTimeout());
            client.offer(event, clientTook);
            book.answered(event);
            drawn = drawing;
            place.answered(prompt.blocks());
        }
    }

    Behavior<Turn.Command> onClientTook(Turn.ClientTook took) {
        if (stage == Stage.STREAMING) {
            timers.cancel(new Turn.ClientStalled());
            pull();
        }
        return Behaviors.same();
    }

    Behavior<Turn.Command> onEngineSilent(Turn.EngineSilent silent) {
        if (stage == Stage.STREAMING) {
            engineFailed(InferenceFailure.of(
                    Kind.ENGINE_FAILED,
                    "the engine sent nothing for " + ports.settings().engineSilenceTimeout()
                            + " (holdfast.agents.turn.engine-silence-timeout)"));
        }
        return Behaviors.same();
    }

    /** The turn counts as one whose client left, but a client that reads on after all may try again. */
    Behavior<Turn.Command> onClientStalled(Turn.ClientStalled stalled) {
        if (stage == Stage.STREAMING) {
            InferenceFailure failure = InferenceFailure.of(
                    Kind.TIMEOUT,
                    "the client read nothing for " + ports.settings().clientStallTimeout()
                            + " (holdfast.agents.turn.client-stall-timeout)");
            end.reached(TurnOutcome.CANCELLED, new InferenceEvent.Failed(failure));
        }
        return Behaviors.same();
    }

    Behavior<Turn.Command> onRenewalDue(Turn.RenewalDue due) {
        place.renew();
        return Behaviors.same();
    }

    private void engineFailed(InferenceFailure failure) {
        if (!TurnAttempts.curable(failure.kind())) {
            fail(failure);
            return;
        }
        place.reportFailure(failure.message());
        lost(failure);
    }

    private void lost(InferenceFailure failure) {
        WorkerId worker = place.worker();
        if (worker != null) {
            attempts.lost(worker, failure);
        }
        context.getLog()
                .info(
                        "turn {}: lost by {} {} its first token: {}",
                        request.turn().value(),
                        worker,
                        book.answerBegun() ? "after" : "before",
                        failure.message());
        letGo();
        placeAgain(failure);
    }

    private void fail(InferenceFailure failure) {
        end.reached(TurnOutcome.of(failure.kind()), new InferenceEvent.Failed(failure));
    }
}
