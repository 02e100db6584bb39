package router.placement;

import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import java.util.Locale;

/** How a route request ended; also its metric's label. */
public enum RouteOutcome {
    PLACED,
    /** No worker serves the model, nor did since this router started. */
    UNKNOWN_MODEL,
    /** The prompt fits no worker that serves the model. */
    TOO_LONG,
    /** No worker that serves the model gives the log probabilities that the turn asks for. */
    NO_LOGPROBS,
    /** No worker that serves the model biases logits. */
    NO_LOGIT_BIAS,
    /** No worker that serves the model is ready, or all that are have refused. */
    NO_WORKER,
    /** The pending queue is full. */
    QUEUE_FULL,
    /** It waited longer than the queue allows. */
    WAITED_TOO_LONG,
    /** The turn went away while it waited. */
    CANCELLED;

    /** Why a prompt is refused, in the words in which harnesses look for the number of tokens to shorten it to. */
    public static String tooLong(int tokens, int most) {
        return "prompt is too long: " + tokens + " tokens > " + most + " maximum";
    }

    /** What a client is told; not for {@link #PLACED}. */
    public InferenceFailure failure(String message) {
        return switch (this) {
            case UNKNOWN_MODEL -> new InferenceFailure(Kind.UNKNOWN_MODEL, message, "model", null);
            case TOO_LONG -> new InferenceFailure(Kind.CONTEXT_LENGTH_EXCEEDED, message, "messages", null);
            case NO_LOGPROBS -> InferenceFailure.invalid("logprobs", message);
            case NO_LOGIT_BIAS -> InferenceFailure.invalid("logit_bias", message);
            case QUEUE_FULL -> InferenceFailure.of(Kind.RATE_LIMITED, message);
            case NO_WORKER, WAITED_TOO_LONG -> InferenceFailure.of(Kind.OVERLOADED, message);
            case CANCELLED -> InferenceFailure.of(Kind.CANCELLED, message);
            case PLACED -> throw new IllegalArgumentException("a placed turn has not failed");
        };
    }

    /** Lower-case name. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
