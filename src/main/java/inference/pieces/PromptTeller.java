package inference.pieces;

import inference.InferenceRequest;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Tells whole prompts' tokens, by an engine's own template and tokenizer.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
@FunctionalInterface
public interface PromptTeller {

    /**
     * Tokens of a request's prompt. Empty when the engine has no way to be asked or refuses this prompt; fails when it does not
     * answer.
     *
     * @param opening whether with what makes the model speak
     */
    CompletionStage<Optional<int[]>> promptTokens(InferenceRequest request, boolean opening);
}
