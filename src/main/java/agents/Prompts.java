package agents;

import agents.session.KnownBeginning;
import agents.session.PromptRenderer;
import agents.session.RenderedPrompt;
import inference.InferenceRequest;
import inference.PromptFingerprint;
import inference.Usage;
import inference.pieces.PieceTokens;
import inference.pieces.PiecedPrompt;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import metrics.Metric;
import metrics.Metrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's prompts. For a model whose tokenizer only its engines have, one of them is asked for the pieces that the node does not know;
 * all other prompts, and those that no engine tells, are the renderer's alone.
 *
 * <p>What an engine told is checked when a turn ends: the engine that answered says how many tokens the prompt had.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class Prompts {
    private static final Logger log = LoggerFactory.getLogger(Prompts.class);

    /** A template that is told right in general may differ on a rare prompt. */
    private static final int LOGGED_AFTER = 3;

    private final PromptRenderer renderer;
    private final Executor rendering;
    private final PieceTokens engines;
    private final Duration patience;
    private final Metrics metrics;
    private final Map<String, Integer> mistold = new ConcurrentHashMap<>();

    /** A request whose prompt is to be told, which is null when it cannot be cut, and what is known of it. */
    private record Asked(
            InferenceRequest request,
            List<PromptFingerprint> chain,
            @Nullable PiecedPrompt prompt,
            KnownBeginning known) {}

    /**
     * @param rendering where prompts are rendered: a long one takes tens of milliseconds, in which no actor may be kept from its own
     *     messages
     * @param patience how long a prompt waits for engines
     */
    public Prompts(
            PromptRenderer renderer, Executor rendering, PieceTokens engines, Duration patience, Metrics metrics) {
        this.renderer = renderer;
        this.rendering = rendering;
        this.engines = engines;
        this.patience = patience;
        this.metrics = metrics;
    }

    public int blockSizeTokens() {
        return renderer.blockSizeTokens();
    }

    /** Renders a request whose fingerprints are not known yet. */
    public CompletionStage<RenderedPrompt> render(InferenceRequest request) {
        return render(request, () -> chain(request));
    }

    /** See {@link PromptRenderer#chain}. */
    List<PromptFingerprint> chain(InferenceRequest request) {
        return renderer.chain(request);
    }

    /** Renders a request with its {@link #chain}. */
    public CompletionStage<RenderedPrompt> render(InferenceRequest request, List<PromptFingerprint> chain) {
        return render(request, () -> chain);
    }

    private CompletionStage<RenderedPrompt> render(InferenceRequest request, Supplier<List<PromptFingerprint>> chain) {
        if (!engines.mayTell(request.model())) {
            return CompletableFuture.supplyAsync(() -> renderer.render(request, chain.get()), rendering);
        }
        return CompletableFuture.supplyAsync(() -> asked(request, chain.get()), rendering)
                .thenCompose(
                        asked -> told(asked).thenApplyAsync(tokens -> rendered(asked, tokens.orElse(null)), rendering));
    }

    private Asked asked(InferenceRequest request, List<PromptFingerprint> chain) {
        PiecedPrompt prompt = PiecedPrompt.of(request, chain);
        return new Asked(
                request, chain, prompt, prompt == null ? KnownBeginning.NOTHING : renderer.known(request, prompt));
    }

    private CompletionStage<Optional<List<int[]>>> told(Asked asked) {
        PiecedPrompt prompt = asked.prompt();
        if (prompt == null) {
            return CompletableFuture.completedStage(Optional.empty());
        }
        CompletableFuture<Optional<List<int[]>>> telling =
                engines.tell(prompt, asked.known().pieces()).toCompletableFuture();
        return telling.copy()
                .orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS)
                .exceptionally(late -> {
                    remember(asked, telling);
                    return Optional.empty();
                });
    }

    /** So that the next turn asks for less. */
    private void remember(Asked asked, CompletionStage<Optional<List<int[]>>> telling) {
        var unused =
                telling.thenAcceptAsync(tokens -> tokens.ifPresent(told -> renderedAsTold(asked, told)), rendering);
    }

    private RenderedPrompt rendered(Asked asked, @Nullable List<int[]> tokens) {
        if (tokens != null) {
            return renderedAsTold(asked, tokens);
        }
        if (engines.mayTell(asked.request().model())) {
            metrics.count(Metric.PROMPTS_UNTOLD, asked.request().model());
        }
        return renderer.render(asked.request(), asked.chain());
    }

    private RenderedPrompt renderedAsTold(Asked asked, List<int[]> tokens) {
        int known = asked.known().pieces();
        return renderer.renderTold(
                asked.request(),
                asked.chain(),
                Objects.requireNonNull(asked.prompt()).told(known, tokens),
                asked.known());
    }

    /** Notes what the engine that answered a prompt says of it. */
    void answered(String model, RenderedPrompt prompt, Usage usage) {
        if (!prompt.told() || usage.inputTokens() == 0 || usage.inputTokens() == prompt.inputTokens()) {
            return; // 0 from an engine that does not say
        }
        metrics.count(Metric.PROMPTS_MISTOLD, model);
        if (mistold.merge(model, 1, Integer::sum) == LOGGED_AFTER) {
            log.warn(
                    "model {}: an engine counted {} tokens in a prompt whose parts have {} by its own word, as it did with prompts before:"
                            + " its template may write a message in the light of others, so that their caches are missed. Name the"
                            + " model's files in holdfast.models; more like it are only counted, as holdfast_prompts_mistold_total",
                    model,
                    usage.inputTokens(),
                    prompt.inputTokens());
        }
    }
}
