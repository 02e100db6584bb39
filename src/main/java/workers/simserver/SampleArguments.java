package workers.simserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Arguments made from a tool's JSON schema: strings "sample", numbers 1, first of an enumeration. Stateless. */
final class SampleArguments {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private SampleArguments() {}

    /** A compact JSON object with every property of the schema. */
    static String of(String schema) {
        try {
            return object(JSON.readTree(schema)).toString();
        } catch (JsonProcessingException notASchema) {
            return "{}";
        }
    }

    private static ObjectNode object(JsonNode schema) {
        ObjectNode object = NODES.objectNode();
        schema.path("properties")
                .properties()
                .forEach(property -> object.set(property.getKey(), sample(property.getValue())));
        return object;
    }

    private static JsonNode sample(JsonNode schema) {
        if (schema.has("const")) {
            return schema.path("const");
        }
        if (schema.path("enum").size() > 0) {
            return schema.path("enum").get(0);
        }
        JsonNode type = schema.path("type");
        return switch (type.isArray() ? type.path(0).asText() : type.asText()) {
            case "number", "integer" -> NODES.numberNode(1);
            case "boolean" -> NODES.booleanNode(true);
            case "array" -> NODES.arrayNode();
            case "object" -> object(schema);
            case "null" -> NODES.nullNode();
            default -> NODES.textNode("sample");
        };
    }
}
