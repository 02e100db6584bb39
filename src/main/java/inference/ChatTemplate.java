package inference;

import java.util.List;

/**
 * How a model wants a conversation written, and its text tokenised.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
@FunctionalInterface
public interface ChatTemplate {

    /**
     * Writes a request's prompt.
     *
     * @param chain the request's {@link PromptFingerprint#chain}
     */
    PromptText write(InferenceRequest request, List<PromptFingerprint> chain);
}
