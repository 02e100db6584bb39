package frontend.responses;

import inference.TenantId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Responses that clients may come back to, for a bounded time. Every stage fails with {@link frontend.RefusedRequest} when
 * the store does not answer.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface ResponseStore {

    /**
     * A response with what it answers.
     *
     * @param previous response that it continues, null at the beginning of a conversation
     * @param input JSON array of the items that its request brought, references resolved
     * @param body the response object
     * @param items ids of its output items
     */
    record StoredResponse(String id, @Nullable String previous, String input, String body, List<String> items) {
        public StoredResponse {
            items = List.copyOf(items);
        }
    }

    /** Keeps a response; completes when it is durable. One of the same id is replaced. */
    CompletionStage<Void> keep(TenantId tenant, StoredResponse response);

    /** One response; empty when it is not kept, or no longer. */
    CompletionStage<Optional<StoredResponse>> find(TenantId tenant, String id);

    /** A response and all those that it continues, oldest first; empty when one of them is not kept, or no longer. */
    CompletionStage<List<StoredResponse>> line(TenantId tenant, String id);

    /** Bodies of the responses that put out the items of these ids, by item; without those that are not kept. */
    CompletionStage<Map<String, String>> owners(TenantId tenant, Set<String> items);

    /** Forgets a response; tells whether it was there. */
    CompletionStage<Boolean> forget(TenantId tenant, String id);
}
