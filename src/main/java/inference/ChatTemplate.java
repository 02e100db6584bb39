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

    /**
     * Whether an effort shows in prompts, other than in what makes the model speak at the end. For a template that stands for others a guess:
     * some write how much to think at the beginning, most write at the end that the model shall not.
     */
    default boolean shows(ReasoningEffort effort) {
        return effort != ReasoningEffort.NONE;
    }
}
