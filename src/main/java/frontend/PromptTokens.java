package frontend;

import inference.InferenceRequest;

/** How long prompts are. */
@FunctionalInterface
public interface PromptTokens {

    /** Tokens of a request's prompt, as its turn would count them. */
    int count(InferenceRequest request);
}
