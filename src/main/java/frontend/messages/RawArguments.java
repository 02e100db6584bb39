package frontend.messages;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import frontend.JsonField;
import inference.CompactJson;

/**
 * A tool call's arguments as the object that this dialect must have. Text that is none, which models do produce, stands in
 * an object under {@value #KEY}, as Anthropic tells harnesses to send it back.
 */
final class RawArguments {
    private static final String KEY = "INVALID_JSON";

    private RawArguments() {}

    /** Arguments as an object. */
    static JsonNode object(String arguments) {
        try {
            JsonNode tree = CompactJson.READER.readTree(CompactJson.arguments(arguments));
            if (tree.isObject()) {
                return tree;
            }
        } catch (JsonProcessingException notJson) {
            // told below
        }
        return JsonNodeFactory.instance.objectNode().put(KEY, arguments);
    }

    /** The arguments that an object stands for. */
    static String text(JsonField object) {
        JsonField raw = object.at(KEY);
        return object.size() == 1 && raw.isText() ? raw.text() : object.compact();
    }
}
