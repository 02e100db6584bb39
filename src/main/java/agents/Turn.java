package agents;

import agents.session.RenderedPrompt;
import agents.session.TurnOutcome;
import agents.session.TurnResult;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.PlacementReason;
import inference.SessionId;
import inference.TurnClient;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import kv.WorkerId;
import metrics.Metric;
import org.jspecify.annotations.Nullable;
import router.LeaseKeeper;
import router.Router;
import workers.AdmitReply;

/**
 * One request from its arrival to its last event, on the node that took it.
 *
 * <p>BEGINNING: the session says how the prompt continues it and the keeper what is kept of it, while the prompt is rendered on
 * another thread => GENERATING.<br>
 * GENERATING: engines answer, see {@link Generation}; the terminal event, whoever it is from => RECORDING.<br>
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

    private record PromptRendered(@Nullable RenderedPrompt prompt, @Nullable Throwable failure) implements Command {}

    private record KeeperReplied(SessionId root, LeaseKeeper.@Nullable Resumed reply) implements Command {}

    record RouterReplied(Router.RouteReply reply) implements Command {}

    record WorkerReplied(WorkerId worker, @Nullable AdmitReply reply) implements Command {}

    record EngineSent(int placement, InferenceEvent event) implements Command {}

    record ClientTook() implements Command {}

    private record ClientLeft() implements Command {}

    record RenewalDue() implements Command {}

    record EngineSilent() implements Command {}

    record ClientStalled() implements Command {}

    private record GuessRendered(Ending ending, @Nullable RenderedPrompt guess, @Nullable Throwable failure)
            implements Command {}

    private record StoreReplied(@Nullable Throwable failure) implements Command {}

    /**
     * How a turn ended.
     *
     * @param worker that had it then, else the last one that answered, null when none did
     * @param placement why that one
     */
    private record Ending(
            TurnOutcome outcome, InferenceEvent last, @Nullable WorkerId worker, @Nullable PlacementReason placement) {}

    /** Where a turn stands. */
    private enum Stage {
        BEGINNING,
        GENERATING,
        RECORDING,
        ENDED
    }

    private final InferenceRequest request;
    private final TurnClient client;
    private final TurnPorts ports;
    private final SessionBook book;
    private final LeaseAsk kept;
    private final TimerScheduler<Command> timers;

    private Stage stage = Stage.BEGINNING;
    private boolean clientLeft;
    private @Nullable RenderedPrompt prompt;
    private @Nullable Generation generation;
    private AgentSession.@Nullable TurnBegun begun;
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
        this.timers = timers;
        this.request = request;
        this.client = client;
        this.ports = ports;
        this.book = new SessionBook(request, ports);
        this.kept = new LeaseAsk(request.session(), ports);
        ActorRef<Command> self = context.getSelf();
        client.whenLeft(() -> self.tell(new ClientLeft()));
        askToBegin();
        askKeeper();
        context.pipeToSelf(ports.prompts().render(request, book.chain()), PromptRendered::new);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(SessionReplied.class, this::onSessionReplied)
                .onMessage(PromptRendered.class, this::onPromptRendered)
                .onMessage(KeeperReplied.class, this::onKeeperReplied)
                .onMessage(RouterReplied.class, replied -> generation().onRouterReplied(replied))
                .onMessage(WorkerReplied.class, replied -> generation().onWorkerReplied(replied))
                .onMessage(EngineSent.class, sent -> generation().onEngineSent(sent))
                .onMessage(ClientTook.class, took -> generation().onClientTook(took))
                .onMessage(ClientLeft.class, this::onClientLeft)
                .onMessage(RenewalDue.class, due -> generation().onRenewalDue(due))
                .onMessage(EngineSilent.class, silent -> generation().onEngineSilent(silent))
                .onMessage(ClientStalled.class, stalled -> generation().onClientStalled(stalled))
                .onMessage(GuessRendered.class, this::onGuessRendered)
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
        return generateIfKnown();
    }

    private Behavior<Command> onSessionReplied(SessionReplied replied) {
        if (stage != Stage.BEGINNING) {
            return this;
        }
        if (replied.reply() instanceof AgentSession.TurnBegun turn) {
            begun = turn;
            if (kept.moved(turn.root())) {
                askKeeper();
            }
            return generateIfKnown();
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

    private Behavior<Command> onPromptRendered(PromptRendered rendered) {
        if (rendered.prompt() == null) {
            throw new IllegalStateException(
                    "the prompt of turn " + request.turn().value() + " could not be rendered", rendered.failure());
        }
        prompt = rendered.prompt();
        return clientLeft ? cancel() : generateIfKnown();
    }

    private Behavior<Command> generateIfKnown() {
        if (stage == Stage.BEGINNING && begun != null && prompt != null && kept.known()) {
            stage = Stage.GENERATING;
            client.prompted(prompt.length());
            generation = new Generation(getContext(), timers, request, prompt, client, book, ports, this::record);
            generation.start(begun, kept.prefix(prompt.blocks()));
        }
        return this;
    }

    /** Only an answer to what it asked needs it, and it asks nobody before it is there. */
    private Generation generation() {
        return Objects.requireNonNull(generation);
    }

    private Behavior<Command> onClientLeft(ClientLeft left) {
        clientLeft = true;
        return cancel();
    }

    /** Its session is told what the prompt was, so that waits for its rendering. */
    private Behavior<Command> cancel() {
        if (prompt != null && (stage == Stage.BEGINNING || stage == Stage.GENERATING)) {
            record(
                    TurnOutcome.CANCELLED,
                    new InferenceEvent.Failed(InferenceFailure.of(Kind.CANCELLED, "the client left")));
        }
        return this;
    }

    /** The turn is over: frees what it holds at once, and delivers its end when that is durable. */
    private void record(TurnOutcome outcome, InferenceEvent last) {
        stage = Stage.RECORDING;
        ending = last;
        Ending ended = new Ending(
                outcome,
                last,
                generation == null ? null : generation.worker(),
                generation == null ? null : generation.placement());
        stopGeneration();
        CompletionStage<RenderedPrompt> guess = book.guess(last);
        if (guess == null) {
            record(ended, null);
        } else {
            getContext().pipeToSelf(guess, (rendered, failure) -> new GuessRendered(ended, rendered, failure));
        }
    }

    private Behavior<Command> onGuessRendered(GuessRendered rendered) {
        if (rendered.failure() != null) {
            throw new IllegalStateException(
                    "the prompt after turn " + request.turn().value() + " could not be rendered", rendered.failure());
        }
        record(rendered.ending(), rendered.guess());
        return this;
    }

    private void record(Ending ended, @Nullable RenderedPrompt guess) {
        result = book.end(
                ended.outcome(),
                ended.last(),
                Objects.requireNonNull(prompt),
                guess,
                ended.worker(),
                ended.placement());
        askToRecord(result);
    }

    private void stopGeneration() {
        if (generation != null) {
            generation.stop();
        }
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

    /** A fault of ours, or the node stops: the client still gets an end. */
    private Behavior<Command> onPostStop(PostStop stop) {
        if (stage != Stage.ENDED) {
            stopGeneration();
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
