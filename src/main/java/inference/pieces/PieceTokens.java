package inference.pieces;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Tokens of prompts' pieces, from whoever has the model's tokenizer.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface PieceTokens {
    /** Whether somebody can be asked for a model's prompts, as far as is known. Asks nobody. */
    boolean mayTell(String model);

    /**
     * Tokens of a prompt's pieces from a first one on. Empty when nobody tells them; never fails.
     *
     * @param from first piece that is wanted
     */
    CompletionStage<Optional<List<int[]>>> tell(PiecedPrompt prompt, int from);
}
