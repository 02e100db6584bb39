package frontend.responses;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.JsonBody;
import frontend.JsonField;
import frontend.RefusedRequest;
import inference.CompactJson;
import inference.InferenceFailure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a request's input refers to, and the whole of it once that is found.
 *
 * <p>Thread-safety: immutable.
 *
 * @param previous id of the response that is continued
 * @param references ids of items that are named instead of sent
 */
record ResponsesInput(JsonField input, @Nullable String previous, Set<String> references) {
    private static final String REFERENCE = "item_reference";

    ResponsesInput {
        references = Set.copyOf(references);
    }

    static ResponsesInput of(JsonField body) {
        JsonField input = body.at("input");
        if (!input.isText() && !input.absent() && !input.isArray()) {
            throw input.mustBe("a string or an array of items");
        }
        Set<String> references = new LinkedHashSet<>();
        if (input.isArray()) {
            for (JsonField item : input.items()) {
                if (item.object().at("type").textOr("message").equals(REFERENCE)) {
                    references.add(item.at("id").nonEmptyText());
                }
            }
        }
        String previous = body.at("previous_response_id").textOrNull();
        if (previous == null && (input.absent() || (input.isArray() && input.size() == 0))) {
            throw input.mustBe("a string or an array with at least one item");
        }
        return new ResponsesInput(input, previous, references);
    }

    /** Whether anything has to be looked up. */
    boolean complete() {
        return previous == null && references.isEmpty();
    }

    /**
     * The items that this request brought.
     *
     * @param owners bodies of the responses that put out the referenced items
     */
    List<JsonField> items(Map<String, String> owners) {
        if (input.absent()) {
            return List.of();
        }
        if (input.isText()) {
            ObjectNode message = JsonNodeFactory.instance.objectNode();
            message.put("type", "message").put("role", "user");
            message.putArray("content").addObject().put("type", "input_text").put("text", input.text());
            return List.of(JsonField.root(message));
        }
        List<JsonField> items = new ArrayList<>();
        for (JsonField item : input.items()) {
            boolean reference = item.at("type").textOr("message").equals(REFERENCE);
            items.add(reference ? resolved(item.at("id").text(), owners) : item);
        }
        return items;
    }

    private static JsonField resolved(String id, Map<String, String> owners) {
        String owner = owners.get(id);
        if (owner != null) {
            for (JsonField item : output(owner)) {
                if (item.at("id").textOr("").equals(id)) {
                    return item;
                }
            }
        }
        throw new RefusedRequest(InferenceFailure.of(
                InferenceFailure.Kind.NOT_FOUND,
                "Item with id '" + id + "' not found. Items are not persisted when" + " `store` is set to false."));
    }

    /** Items of the responses that are continued, oldest first. */
    List<JsonField> history(List<ResponseStore.StoredResponse> line) {
        if (previous != null && line.isEmpty()) {
            throw new RefusedRequest(new InferenceFailure(
                    InferenceFailure.Kind.UNKNOWN_PREVIOUS_RESPONSE,
                    "Previous response with id '" + previous + "' not found.",
                    "previous_response_id",
                    null));
        }
        List<JsonField> items = new ArrayList<>();
        for (ResponseStore.StoredResponse response : line) {
            items.addAll(JsonField.root(json(response.input())).items());
            items.addAll(output(response.body()));
        }
        return items;
    }

    /** Items as they are kept and listed: each with an id. */
    static String kept(List<JsonField> items, String turn) {
        ArrayNode kept = JsonNodeFactory.instance.arrayNode();
        for (JsonField item : items) {
            ObjectNode copy = (ObjectNode) json(item.compact());
            if (!copy.path("type").isTextual()) {
                copy.put("type", "message");
            }
            if (!copy.path("id").isTextual()) {
                copy.put("id", "in_" + turn + "_" + kept.size());
            }
            kept.add(copy);
        }
        return kept.toString();
    }

    private static List<JsonField> output(String body) {
        return JsonBody.parse(body.getBytes(StandardCharsets.UTF_8))
                .at("output")
                .items();
    }

    static JsonNode json(String json) {
        try {
            return CompactJson.READER.readTree(json);
        } catch (JsonProcessingException damaged) {
            throw new IllegalStateException("stored items are not readable", damaged);
        }
    }
}
