package frontend;

import inference.InferenceRequest;
import java.util.concurrent.CompletionStage;

/** How long prompts are, for clients that want to know nothing else. */
@FunctionalInterface
public interface PromptTokens {

    /** Tokens of a request's prompt. */
    CompletionStage<Integer> count(InferenceRequest request);
}
