package frontend;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpResponse;
import akka.japi.Pair;
import akka.stream.javadsl.Source;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.PromptLength;
import inference.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import metrics.Metric;
import metrics.Metrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The turns that this server's clients wait for. A turn is cancelled when its client goes, and ends in a failure when the server
 * has drained long enough.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class RunningTurns {
    private static final Logger LOG = LoggerFactory.getLogger(RunningTurns.class);

    private final ActorSystem<?> system;
    private final FrontendSettings settings;
    private final TenantRates rates;
    private final InferenceService service;
    private final Metrics metrics;
    private final Set<TurnAnswer> running = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Integer> drained = new CompletableFuture<>();
    private volatile boolean draining;

    /** One of the answers to a request. */
    private record Choice(TurnAnswer answer, TenantRates.Claim claim) {

        /** Leaves it because one of them has failed. */
        void leave() {
            if (answer.steps() == 0) {
                claim.unused();
            }
            answer.leave();
        }
    }

    public RunningTurns(
            ActorSystem<?> system,
            FrontendSettings settings,
            TenantRates rates,
            InferenceService service,
            Metrics metrics) {
        this.system = system;
        this.settings = settings;
        this.rates = rates;
        this.service = service;
        this.metrics = metrics;
        metrics.gauge(Metric.HTTP_TURNS_RUNNING, running::size);
    }

    /**
     * Starts several turns, the answers to one request. The failure of one ends all.
     *
     * @param choices at least one
     * @return their events, to be read once
     * @throws RefusedRequest when the server drains, or their tenant has used too many tokens
     */
    public Source<ChoiceEvent, NotUsed> choices(List<InferenceRequest> choices, ClientConnection client) {
        return merged(start(choices, client));
    }

    /**
     * Starts the turns of one request and waits for their first event, so that one that fails at once is an HTTP error. After
     * {@code first-byte-after} it waits no longer: the stream then begins with silence, and a failure is part of it.
     *
     * @param response makes the response of the events to stream and of the prompt's length, which is known from the first of them
     *     on; called while the engine is at that
     * @return the response; fails with {@link RefusedRequest} when the first event is a failure
     * @throws RefusedRequest when the server drains, or their tenant has used too many tokens
     */
    public CompletionStage<HttpResponse> open(
            List<InferenceRequest> choices,
            ClientConnection client,
            BiFunction<Source<ChoiceEvent, NotUsed>, Supplier<PromptLength>, HttpResponse> response) {
        List<Choice> started = start(choices, client);
        HttpResponse stream = response.apply(merged(started), started.get(0).answer()::prompt);
        CompletableFuture<HttpResponse> opened = new CompletableFuture<>();
        var timer = system.scheduler()
                .scheduleOnce(settings.firstByteAfter(), () -> opened.complete(stream), system.executionContext());
        for (Choice choice : started) {
            var unused = choice.answer().first().thenAccept(first -> {
                timer.cancel();
                if (!(first.orElse(null) instanceof InferenceEvent.Failed failed)) {
                    opened.complete(stream);
                } else if (opened.completeExceptionally(new RefusedRequest(failed.failure()))) {
                    started.forEach(Choice::leave);
                }
            });
        }
        return opened;
    }

    private static Source<ChoiceEvent, NotUsed> merged(List<Choice> started) {
        // As nearly every request wants it. The way of several takes twice the time: 25 µs more per answer, 0.7 µs per
        // event.
        if (started.size() == 1) {
            return started.get(0).answer().events().map(event -> new ChoiceEvent(0, event, event.terminal()));
        }
        List<Source<ChoiceEvent, NotUsed>> sources = new ArrayList<>();
        for (int i = 0; i < started.size(); i++) {
            int choice = i;
            sources.add(started.get(i)
                    .answer()
                    .events()
                    .map(event -> new ChoiceEvent(choice, event, event instanceof InferenceEvent.Failed)));
        }
        return Source.from(sources)
                .flatMapMerge(sources.size(), answer -> answer)
                .statefulMap(
                        () -> sources.size(),
                        (left, event) -> event.event() instanceof InferenceEvent.Finished
                                ? Pair.create(left - 1, new ChoiceEvent(event.choice(), event.event(), left == 1))
                                : Pair.create(left, event),
                        left -> Optional.empty())
                .map(event -> {
                    if (event.event() instanceof InferenceEvent.Failed) {
                        started.forEach(Choice::leave);
                    }
                    return event;
                })
                .takeWhile(event -> !event.last(), true);
    }

    private List<Choice> start(List<InferenceRequest> choices, ClientConnection client) {
        if (draining) {
            throw new RefusedRequest(shuttingDown());
        }
        List<TenantRates.Claim> claims = rates.claim(choices);
        List<Choice> started = new ArrayList<>();
        for (int i = 0; i < choices.size(); i++) {
            started.add(start(choices.get(i), claims.get(i), client));
        }
        client.usedUpWith(CompletableFuture.allOf(
                started.stream().map(choice -> choice.answer().whenPrompted()).toArray(CompletableFuture[]::new)));
        return started;
    }

    private Choice start(InferenceRequest request, TenantRates.Claim claim, ClientConnection client) {
        TurnAnswer answer = new TurnAnswer();
        begin(answer);
        client.whenGone(answer::leave);
        answer.whenLeft(() -> claim.cutOff(answer.steps()));
        var unused = answer.end().thenAccept(last -> ended(last, answer.steps(), claim));
        answer.whenOver(() -> {
            running.remove(answer);
            settle();
        });
        service.infer(request, answer);
        return new Choice(answer, claim);
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
     * Refuses new turns from now on; completes when every answer was read to its end, at the latest when the bound is reached. It
     * ends the turns that still run; what is not read by then stays to be read.
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

    private void ended(InferenceEvent last, int steps, TenantRates.Claim claim) {
        if (last instanceof InferenceEvent.Finished end) {
            Usage usage = end.usage();
            metrics.count(Metric.PROMPT_TOKENS, usage.cachedTokens(), "cached");
            metrics.count(Metric.PROMPT_TOKENS, usage.inputTokens() - usage.cachedTokens(), "computed");
            metrics.count(Metric.OUTPUT_TOKENS, usage.outputTokens());
            claim.used(usage, steps);
        } else if (steps == 0) {
            claim.unused();
        } else {
            claim.cutOff(steps);
        }
    }

    private void abortAll() {
        int cut = (int) running.stream().filter(TurnAnswer::runs).count();
        if (cut > 0) {
            LOG.info("drained long enough: {} turns are aborted", cut);
        }
        // First, so that a turn which begins meanwhile is aborted, too.
        drained.complete(cut);
        running.forEach(turn -> turn.abort(new InferenceEvent.Failed(shuttingDown())));
    }

    private synchronized void begin(TurnAnswer turn) {
        running.add(turn);
        if (drained.isDone()) {
            turn.abort(new InferenceEvent.Failed(shuttingDown()));
        }
    }

    private synchronized void settle() {
        if (draining && running.isEmpty()) {
            drained.complete(0);
        }
    }

    private static InferenceFailure shuttingDown() {
        return InferenceFailure.of(InferenceFailure.Kind.OVERLOADED, "this server is shutting down");
    }
}
