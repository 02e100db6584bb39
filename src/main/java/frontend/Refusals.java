package frontend;

import inference.InferenceFailure;
import java.util.concurrent.CompletionException;

/** What a client is told about a failed stage. */
final class Refusals {
    private Refusals() {}

    /** The failure that a stage or a route ended with; anything unexpected is internal and keeps its details. */
    static InferenceFailure of(Throwable thrown) {
        Throwable cause = thrown;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause instanceof RefusedRequest refused
                ? refused.failure()
                : InferenceFailure.of(InferenceFailure.Kind.INTERNAL, "internal error");
    }
}
