package cluster;

import frontend.PromptMeasure;
import frontend.PromptTokens;
import inference.InferenceRequest;
import inference.PromptLength;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import kv.Incarnation;
import kv.WorkerId;
import workers.EngineClient;
import workers.WorkerStatus;
import workers.status.EngineFacts;
import workers.status.WorkerState;

/**
 * How long a prompt is, for clients that ask: as a turn counts it where the model's tokenizer is configured, else as an engine of the
 * model tells, else as a turn counts it all the same. An engine that has no way to tell is asked once in its life.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class EngineCounts implements PromptTokens {
    private final PromptMeasure turns;
    private final Set<String> configured;
    private final Supplier<CompletionStage<List<WorkerStatus>>> workers;
    private final Function<WorkerId, EngineClient> engines;
    private final Duration patience;
    private final Map<WorkerId, Incarnation> unable = new ConcurrentHashMap<>();

    /**
     * @param turns measures as turns do
     * @param configured models whose tokenizer is configured
     * @param patience how long engines may take, all together
     */
    EngineCounts(
            PromptMeasure turns,
            Set<String> configured,
            Supplier<CompletionStage<List<WorkerStatus>>> workers,
            Function<WorkerId, EngineClient> engines,
            Duration patience) {
        this.turns = turns;
        this.configured = Set.copyOf(configured);
        this.workers = workers;
        this.engines = engines;
        this.patience = patience;
    }

    @Override
    public CompletionStage<Integer> count(InferenceRequest request) {
        if (configured.contains(request.model())) {
            return ownCount(request);
        }
        return workers.get()
                .thenCompose(all -> told(request, all.iterator()))
                .toCompletableFuture()
                .orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS)
                .exceptionally(late -> OptionalInt.empty())
                .thenCompose(told ->
                        told.isPresent() ? CompletableFuture.completedStage(told.getAsInt()) : ownCount(request));
    }

    private CompletionStage<Integer> ownCount(InferenceRequest request) {
        return turns.measure(request).thenApply(PromptLength::tokens);
    }

    /** The word of the first that has one. */
    private CompletionStage<OptionalInt> told(InferenceRequest request, Iterator<WorkerStatus> left) {
        while (left.hasNext()) {
            WorkerStatus worker = left.next();
            Incarnation life = worker.incarnation();
            if (life != null && serves(worker, request.model()) && !life.equals(unable.get(worker.worker()))) {
                return asked(request, worker.worker(), life)
                        .thenCompose(told ->
                                told.isPresent() ? CompletableFuture.completedStage(told) : told(request, left));
            }
        }
        return CompletableFuture.completedStage(OptionalInt.empty());
    }

    private CompletionStage<OptionalInt> asked(InferenceRequest request, WorkerId worker, Incarnation life) {
        return engines.apply(worker).promptTokens(request).handle((told, failure) -> {
            if (failure != null) {
                return OptionalInt.empty();
            }
            if (told.isEmpty()) {
                unable.put(worker, life);
            }
            return told;
        });
    }

    private static boolean serves(WorkerStatus worker, String model) {
        EngineFacts facts = worker.facts();
        return worker.state() != WorkerState.UNREACHABLE
                && facts != null
                && facts.models().contains(model);
    }
}
