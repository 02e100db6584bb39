package frontend.responses;

import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.RefusedRequest;
import frontend.RequestDirectives;
import inference.InferenceFailure;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Responses that are kept: {@code GET} and {@code DELETE /v1/responses/{id}}, {@code GET /v1/responses/{id}/input_items}.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class StoredResponseRoutes extends AllDirectives {
    private static final int DEFAULT_LIMIT = 20;
    private static final BigInteger MAX_LIMIT = BigInteger.valueOf(100);

    private final RequestDirectives requests;
    private final ResponseStore store;

    StoredResponseRoutes(RequestDirectives requests, ResponseStore store) {
        this.requests = requests;
        this.store = store;
    }

    Route route() {
        return concat(
                path(PathMatchers.segment(), id -> concat(get(() -> shown(id)), delete(() -> forgotten(id)))),
                path(
                        PathMatchers.segment().slash("input_items"),
                        id -> get(() -> parameterOptional(
                                "limit",
                                limit -> parameterOptional(
                                        "order",
                                        order -> parameterOptional(
                                                "after", after -> items(id, new Page(limit, order, after))))))));
    }

    private Route shown(String id) {
        return requests.authenticated(tenant -> store.find(tenant, id)
                .thenApply(found -> ResponsesRoutes.json(known(id, found).body())));
    }

    private Route forgotten(String id) {
        return requests.authenticated(tenant -> store.forget(tenant, id).thenApply(there -> {
            if (!there) {
                throw notFound(id);
            }
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            return ResponsesRoutes.json(body.put("id", id)
                    .put("object", "response")
                    .put("deleted", true)
                    .toString());
        }));
    }

    private Route items(String id, Page page) {
        return requests.authenticated(tenant -> store.find(tenant, id)
                .thenApply(found -> page.of(known(id, found).input())));
    }

    private static ResponseStore.StoredResponse known(String id, Optional<ResponseStore.StoredResponse> found) {
        return found.orElseThrow(() -> notFound(id));
    }

    private static RefusedRequest notFound(String id) {
        return new RefusedRequest(
                InferenceFailure.of(InferenceFailure.Kind.NOT_FOUND, "Response with id '" + id + "' not found."));
    }

    /** Which part of a list is wanted. */
    private record Page(Optional<String> limit, Optional<String> order, Optional<String> after) {

        HttpResponse of(String input) {
            List<JsonNode> items = new ArrayList<>();
            ResponsesInput.json(input).forEach(items::add);
            if (!order.orElse("desc").equals("asc")) {
                Collections.reverse(items);
            }
            int from = 0;
            for (int i = 0; after.isPresent() && i < items.size(); i++) {
                from = items.get(i).path("id").asText().equals(after.get()) ? i + 1 : from;
            }
            int to = Math.min(items.size(), from + size());
            List<JsonNode> page = items.subList(from, to);
            ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
            ArrayNode data = list.putArray("data");
            page.forEach(data::add);
            list.put("first_id", page.isEmpty() ? null : page.get(0).path("id").asText());
            list.put(
                    "last_id",
                    page.isEmpty() ? null : page.get(page.size() - 1).path("id").asText());
            list.put("has_more", to < items.size());
            return ResponsesRoutes.json(list.toString());
        }

        /** Clients ask for more than there is in a page, and read on by what the page says. */
        private int size() {
            String text = limit.orElse(Integer.toString(DEFAULT_LIMIT));
            if (!text.matches("0*[1-9]\\d*")) {
                throw RefusedRequest.invalid("limit", "'limit' must be an integer of at least 1");
            }
            return new BigInteger(text).min(MAX_LIMIT).intValue();
        }
    }
}
