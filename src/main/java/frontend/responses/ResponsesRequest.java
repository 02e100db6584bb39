package frontend.responses;

import inference.InferenceRequest;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A decoded request: what to run, and how to answer.
 *
 * <p>Thread-safety: immutable.
 *
 * @param stream whether the answer is a stream of events
 * @param store whether the response is kept
 * @param sealed whether reasoning comes with the text that carries it back
 * @param freeForm names of tools that take text instead of JSON
 * @param previous response that this one continues
 * @param input JSON array of the items that the request brought, references resolved
 * @param retention whether the response shows what is kept of the session
 * @param settings JSON object of the request's settings, as every response repeats them
 */
record ResponsesRequest(
        InferenceRequest inference,
        boolean stream,
        boolean store,
        boolean sealed,
        Set<String> freeForm,
        @Nullable String previous,
        String input,
        boolean retention,
        String settings) {
    ResponsesRequest {
        freeForm = Set.copyOf(freeForm);
    }
}
