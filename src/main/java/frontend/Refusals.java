package frontend;

import inference.InferenceFailure;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** What a client is told about a failed stage. */
public final class Refusals {
    private Refusals() {}

    /**
     * The same stage, a field at fault called as the request has it.
     *
     * @param names of fields that engines call otherwise
     */
    public static <T> CompletionStage<T> named(CompletionStage<T> answer, Map<String, String> names) {
        return answer.exceptionally(thrown -> {
            InferenceFailure failure = of(thrown);
            String name = failure.param() == null ? null : names.get(failure.param());
            throw new CompletionException(
                    name == null
                            ? thrown
                            : new RefusedRequest(new InferenceFailure(
                                    failure.kind(), failure.message(), name, failure.retryAfter())));
        });
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
