package cluster;

import inference.InferenceRequest;
import inference.pieces.PieceTeller;
import inference.pieces.PieceTokens;
import inference.pieces.PiecedPrompt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import kv.Incarnation;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.retention.LiveWorker;
import router.retention.LiveWorkers;
import workers.EngineClient;

/**
 * Tokens of prompts as engines of their model tell them, where its tokenizer is not configured. Every engine is asked once in its life
 * whether it can, as long as it is known; the prompts of a session are told by the same one as long as the engines are the same. One that
 * does not answer is passed over for the next.
 *
 * <p>Who can be asked is gathered when workers come, go or begin another life: a prompt costs the same however many there are.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class EngineTokens implements PieceTokens {
    private final Set<String> configured;
    private final Supplier<LiveWorkers> workers;
    private final Function<WorkerId, EngineClient> engines;
    /** What the workers that are known have told; confined to {@link #gather}. */
    private Map<Served, Told> told = Map.of();
    /** Null when one of them was found unable. */
    private volatile @Nullable Tellers gathered;

    /** A model of an engine. */
    private record Served(WorkerId worker, String model) {}

    /** What one life of the engine has told. */
    private record Told(Incarnation life, PieceTeller teller) {}

    /**
     * Those that are in reach and not known to be unable.
     *
     * @param lives see {@link LiveWorkers#lives}
     */
    private record Tellers(Object lives, Map<String, List<PieceTeller>> byModel) {}

    /** @param configured models whose tokenizer is configured */
    EngineTokens(Set<String> configured, Supplier<LiveWorkers> workers, Function<WorkerId, EngineClient> engines) {
        this.configured = Set.copyOf(configured);
        this.workers = workers;
        this.engines = engines;
    }

    @Override
    public boolean mayTell(String model) {
        return !configured.contains(model) && !tellers(model).isEmpty();
    }

    @Override
    public CompletionStage<Optional<List<int[]>>> tell(PiecedPrompt prompt, int from) {
        InferenceRequest request = prompt.request();
        List<PieceTeller> tellers = tellers(request.model());
        if (tellers.isEmpty()) {
            return CompletableFuture.completedStage(Optional.empty());
        }
        int first = Math.floorMod(request.session().id().hashCode(), tellers.size());
        if (!tellers.get(first).able()) {
            // Together: where engines are simulated, there are many that cannot.
            tellers.forEach(teller -> teller.able(request));
        }
        return told(tellers, first, 0, prompt, from);
    }

    /**
     * The word of the first that is able and answers.
     *
     * @param passed how many after the first were passed over
     */
    private CompletionStage<Optional<List<int[]>>> told(
            List<PieceTeller> tellers, int first, int passed, PiecedPrompt prompt, int from) {
        if (passed == tellers.size()) {
            return CompletableFuture.completedStage(Optional.empty());
        }
        PieceTeller teller = tellers.get((first + passed) % tellers.size());
        return teller.able(prompt.request())
                .thenCompose(able -> able ? teller.tell(prompt, from).thenApply(Optional::of) : unable())
                .exceptionally(silent -> Optional.empty())
                .thenCompose(answer -> answer.map(CompletableFuture::completedStage)
                        .orElseGet(() -> told(tellers, first, passed + 1, prompt, from)));
    }

    private CompletionStage<Optional<Optional<List<int[]>>>> unable() {
        gathered = null;
        return CompletableFuture.completedStage(Optional.empty());
    }

    private List<PieceTeller> tellers(String model) {
        Tellers known = gathered;
        if (known == null || known.lives() != workers.get().lives()) {
            known = gather();
        }
        return known.byModel().getOrDefault(model, List.of());
    }

    private synchronized Tellers gather() {
        LiveWorkers live = workers.get();
        Map<Served, Told> kept = new HashMap<>();
        Map<String, List<PieceTeller>> byModel = new HashMap<>();
        for (LiveWorker worker : live.all()) {
            for (String model : worker.facts().models()) {
                Served served = new Served(worker.worker(), model);
                Told before = told.get(served);
                PieceTeller teller = before != null && before.life().equals(worker.incarnation())
                        ? before.teller()
                        : new PieceTeller(engines.apply(worker.worker()));
                kept.put(served, new Told(worker.incarnation(), teller));
                if (worker.reachable() && !teller.unable()) {
                    byModel.computeIfAbsent(model, first -> new ArrayList<>()).add(teller);
                }
            }
        }
        told = kept;
        Tellers now = new Tellers(live.lives(), byModel);
        gathered = now;
        return now;
    }
}
