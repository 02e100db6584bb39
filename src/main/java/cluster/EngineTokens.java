package cluster;

import inference.InferenceRequest;
import inference.pieces.PieceTeller;
import inference.pieces.PieceTokens;
import inference.pieces.PiecedPrompt;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import kv.Incarnation;
import kv.WorkerId;
import router.retention.LiveWorker;
import router.retention.LiveWorkers;
import workers.EngineClient;

/**
 * Tokens of prompts as engines of their model tell them, where its tokenizer is not configured. Every engine is asked once in its life
 * whether it can; the prompts of a session are told by the same one as long as the engines are the same. One that does not answer is
 * passed over for the next.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class EngineTokens implements PieceTokens {
    private final Set<String> configured;
    private final Supplier<LiveWorkers> workers;
    private final Function<WorkerId, EngineClient> engines;
    private final Map<Served, Told> told = new ConcurrentHashMap<>();

    /** A model of an engine. */
    private record Served(WorkerId worker, String model) {}

    /** What one life of the engine has told. */
    private record Told(Incarnation life, PieceTeller teller) {}

    /** @param configured models whose tokenizer is configured */
    EngineTokens(Set<String> configured, Supplier<LiveWorkers> workers, Function<WorkerId, EngineClient> engines) {
        this.configured = Set.copyOf(configured);
        this.workers = workers;
        this.engines = engines;
    }

    @Override
    public boolean mayTell(String model) {
        return !configured.contains(model) && tellers(model).findAny().isPresent();
    }

    @Override
    public CompletionStage<Optional<List<int[]>>> tell(PiecedPrompt prompt, int from) {
        InferenceRequest request = prompt.request();
        List<PieceTeller> tellers = new ArrayList<>(tellers(request.model()).toList());
        Collections.rotate(tellers, request.session().id().hashCode());
        // Together: where engines are simulated, there are many that cannot.
        tellers.forEach(teller -> teller.able(request));
        return told(tellers.iterator(), prompt, from);
    }

    /** The word of the first that is able and answers. */
    private static CompletionStage<Optional<List<int[]>>> told(
            Iterator<PieceTeller> left, PiecedPrompt prompt, int from) {
        if (!left.hasNext()) {
            return CompletableFuture.completedStage(Optional.empty());
        }
        PieceTeller teller = left.next();
        return teller.able(prompt.request())
                .thenCompose(able -> able
                        ? teller.tell(prompt, from).thenApply(Optional::of)
                        : CompletableFuture.completedStage(Optional.<Optional<List<int[]>>>empty()))
                .exceptionally(silent -> Optional.empty())
                .thenCompose(answer ->
                        answer.map(CompletableFuture::completedStage).orElseGet(() -> told(left, prompt, from)));
    }

    /** Those of a model's engines that are not known to be unable. */
    private Stream<PieceTeller> tellers(String model) {
        return workers.get().all().stream()
                .filter(worker -> worker.reachable() && worker.facts().models().contains(model))
                .map(worker -> teller(worker, model))
                .filter(teller -> !teller.unable());
    }

    private PieceTeller teller(LiveWorker worker, String model) {
        Served served = new Served(worker.worker(), model);
        Told known = told.get(served);
        if (known == null || !known.life().equals(worker.incarnation())) {
            known = told.compute(
                    served,
                    (key, before) -> before != null && before.life().equals(worker.incarnation())
                            ? before
                            : new Told(worker.incarnation(), new PieceTeller(engines.apply(worker.worker()))));
        }
        return known.teller();
    }
}
