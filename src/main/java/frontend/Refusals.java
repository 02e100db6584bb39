package frontend;

import inference.InferenceFailure;
import java.util.concurrent.CompletionException;
import java.util.function.UnaryOperator;

/** What a client is told about a failed stage. */
public final class Refusals {
    private Refusals() {}

    /** What a stage ended with, the field at fault by the name that a dialect has for it. */
    public static CompletionException renamed(Throwable thrown, UnaryOperator<String> names) {
        InferenceFailure failure = of(thrown);
        String field = failure.param();
        return new CompletionException(
                field == null
                        ? thrown
                        : new RefusedRequest(new InferenceFailure(
                                failure.kind(), failure.message(), names.apply(field), failure.retryAfter())));
    }

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
