package agents;

import agents.session.PromptRenderer;
import agents.session.RenderedPrompt;
import inference.InferenceRequest;
import inference.PromptFingerprint;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * A node's prompts, rendered beside its actors.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class Prompts {
    private final PromptRenderer renderer;
    private final Executor rendering;

    /**
     * @param rendering where prompts are rendered: a long one takes tens of milliseconds, in which no actor may be kept from its own
     *     messages
     */
    public Prompts(PromptRenderer renderer, Executor rendering) {
        this.renderer = renderer;
        this.rendering = rendering;
    }

    public int blockSizeTokens() {
        return renderer.blockSizeTokens();
    }

    /** Renders a request whose fingerprints are not known yet. */
    public CompletionStage<RenderedPrompt> render(InferenceRequest request) {
        return CompletableFuture.supplyAsync(() -> renderer.render(request), rendering);
    }

    /** Renders a request with its {@link PromptFingerprint#chain}. */
    public CompletionStage<RenderedPrompt> render(InferenceRequest request, List<PromptFingerprint> chain) {
        return CompletableFuture.supplyAsync(() -> renderer.render(request, chain), rendering);
    }
}
