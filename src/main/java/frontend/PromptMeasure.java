package frontend;

import inference.InferenceRequest;
import inference.PromptLength;
import java.util.concurrent.CompletionStage;

/** How long prompts are, as their turns count them. */
@FunctionalInterface
public interface PromptMeasure {

    /** Length of a request's prompt and of what it marks. */
    CompletionStage<PromptLength> measure(InferenceRequest request);
}
