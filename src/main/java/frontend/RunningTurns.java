package frontend;

import akka.Done;
import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.japi.Pair;
import akka.japi.pf.PFBuilder;
import akka.stream.KillSwitches;
import akka.stream.UniqueKillSwitch;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import metrics.Metric;
import metrics.Metrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The turns that this server's clients wait for. A turn is cancelled when its client goes, ends in a failure when the
 * server has drained long enough, and always ends in exactly one terminal event, whatever the port does.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class RunningTurns {
    private static final Logger LOG = LoggerFactory.getLogger(RunningTurns.class);
    private static final InferenceFailure BROKEN_OFF =
            InferenceFailure.of(InferenceFailure.Kind.INTERNAL, "the answer broke off");

    private final ActorSystem<?> system;
    private final FrontendSettings settings;
    private final InferenceService service;
    private final Metrics metrics;
    private final Set<UniqueKillSwitch> running = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Integer> drained = new CompletableFuture<>();
    private volatile boolean draining;
    private volatile int cut;

    public RunningTurns(ActorSystem<?> system, FrontendSettings settings, InferenceService service, Metrics metrics) {
        this.system = system;
        this.settings = settings;
        this.service = service;
        this.metrics = metrics;
        metrics.gauge(Metric.HTTP_TURNS_RUNNING, running::size);
    }

    /**
     * The events of one turn, which starts when they are asked for.
     *
     * @throws RefusedRequest when the server drains
     */
    public Source<InferenceEvent, NotUsed> events(InferenceRequest request, ClientConnection client) {
        if (draining) {
            throw new RefusedRequest(shuttingDown());
        }
        return service.infer(request)
                .concatLazy(Source.single(new InferenceEvent.Failed(BROKEN_OFF)))
                .takeWhile(event -> !event.terminal(), true)
                .map(this::counted)
                .viaMat(KillSwitches.single(), Keep.right())
                .recover(new PFBuilder<Throwable, InferenceEvent>()
                        .matchAny(failure -> new InferenceEvent.Failed(failure(request, failure)))
                        .build())
                .watchTermination((turn, ended) -> {
                    track(turn, ended, client);
                    return NotUsed.getInstance();
                });
    }

    /**
     * The events of several turns, the answers to one request, as they come; all start when they are asked for. The failure of
     * one ends all.
     *
     * @param choices at least one
     * @throws RefusedRequest when the server drains
     */
    public Source<ChoiceEvent, NotUsed> choices(List<InferenceRequest> choices, ClientConnection client) {
        if (choices.size() == 1) {
            return events(choices.get(0), client).map(event -> new ChoiceEvent(0, event, event.terminal()));
        }
        List<Source<ChoiceEvent, NotUsed>> answers = new ArrayList<>();
        for (int i = 0; i < choices.size(); i++) {
            int choice = i;
            answers.add(events(choices.get(i), client)
                    .map(event -> new ChoiceEvent(choice, event, event instanceof InferenceEvent.Failed)));
        }
        return Source.from(answers)
                .flatMapMerge(answers.size(), answer -> answer)
                .statefulMap(
                        () -> answers.size(),
                        (left, event) -> event.event() instanceof InferenceEvent.Finished
                                ? Pair.create(left - 1, new ChoiceEvent(event.choice(), event.event(), left == 1))
                                : Pair.create(left, event),
                        left -> Optional.empty())
                .takeWhile(event -> !event.last(), true);
    }

    /**
     * Starts the turns of one request and waits for their first event, so that one that fails at once is an HTTP error. After
     * {@code first-byte-after} it waits no longer: the stream then begins with silence, and a failure is part of it.
     *
     * @return the events to stream; fails with {@link RefusedRequest} when the first is a failure
     */
    public CompletionStage<Source<ChoiceEvent, NotUsed>> open(List<InferenceRequest> choices, ClientConnection client) {
        CompletionStage<Source<ChoiceEvent, NotUsed>> begun = choices(choices, client)
                .prefixAndTail(1)
                .runWith(Sink.head(), system)
                .thenApply(RunningTurns::rejoined);
        CompletableFuture<Source<ChoiceEvent, NotUsed>> opened = new CompletableFuture<>();
        var timer = system.scheduler()
                .scheduleOnce(settings.firstByteAfter(), () -> opened.complete(late(begun)), system.executionContext());
        begun.whenComplete((events, failure) -> {
            timer.cancel();
            if (failure == null) {
                opened.complete(events);
            } else {
                opened.completeExceptionally(failure);
            }
        });
        return opened;
    }

    private static Source<ChoiceEvent, NotUsed> rejoined(Pair<List<ChoiceEvent>, Source<ChoiceEvent, NotUsed>> parts) {
        if (!parts.first().isEmpty() && parts.first().get(0).event() instanceof InferenceEvent.Failed failed) {
            throw new RefusedRequest(failed.failure());
        }
        return Source.from(parts.first()).concat(parts.second());
    }

    private static Source<ChoiceEvent, NotUsed> late(CompletionStage<Source<ChoiceEvent, NotUsed>> begun) {
        CompletionStage<Source<ChoiceEvent, NotUsed>> events = begun.exceptionally(
                failure -> Source.single(new ChoiceEvent(0, new InferenceEvent.Failed(Refusals.of(failure)), true)));
        return Source.completionStageSource(events).mapMaterializedValue(ignored -> NotUsed.getInstance());
    }

    /** Whether new turns are refused. */
    public boolean draining() {
        return draining;
    }

    /** How many there are. */
    int running() {
        return running.size();
    }

    /**
     * Refuses new turns from now on; completes when none runs any more, at the latest shortly after the bound.
     *
     * @return how many turns the bound ended
     */
    CompletionStage<Integer> drain(Duration bound) {
        draining = true;
        LOG.info("draining: {} turns run, up to {} is left to them", running.size(), bound);
        settle();
        system.scheduler().scheduleOnce(bound, this::abortAll, system.executionContext());
        return drained;
    }

    private InferenceEvent counted(InferenceEvent event) {
        if (event instanceof InferenceEvent.Finished end) {
            Usage usage = end.usage();
            metrics.count(Metric.PROMPT_TOKENS, usage.cachedTokens(), "cached");
            metrics.count(Metric.PROMPT_TOKENS, usage.inputTokens() - usage.cachedTokens(), "computed");
            metrics.count(Metric.OUTPUT_TOKENS, usage.outputTokens());
        }
        return event;
    }

    private void abortAll() {
        cut = running.size();
        if (cut > 0) {
            LOG.info("drained long enough: {} turns are aborted", cut);
        }
        running.forEach(turn -> turn.abort(new RefusedRequest(shuttingDown())));
    }

    private void track(UniqueKillSwitch turn, CompletionStage<Done> ended, ClientConnection client) {
        begin(turn);
        client.whenGone(turn::shutdown);
        ended.whenComplete((done, failure) -> {
            running.remove(turn);
            settle();
        });
    }

    private synchronized void begin(UniqueKillSwitch turn) {
        running.add(turn);
        if (drained.isDone()) {
            turn.abort(new RefusedRequest(shuttingDown()));
        }
    }

    private synchronized void settle() {
        if (draining && running.isEmpty()) {
            drained.complete(cut);
        }
    }

    private static InferenceFailure shuttingDown() {
        return new InferenceFailure(
                InferenceFailure.Kind.OVERLOADED, "this server is shutting down", null, Duration.ofSeconds(1));
    }

    private static InferenceFailure failure(InferenceRequest request, Throwable failure) {
        if (failure instanceof RefusedRequest refused) {
            return refused.failure();
        }
        LOG.error("turn {} failed outside its stream", request.turn().value(), failure);
        return BROKEN_OFF;
    }
}
