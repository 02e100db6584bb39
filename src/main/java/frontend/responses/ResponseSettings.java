package frontend.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.JsonField;
import java.util.List;

/** The settings of a request that its response repeats, with what holds where it says nothing. */
final class ResponseSettings {
    private static final List<String> NULL_WITHOUT = List.of(
            "instructions",
            "max_output_tokens",
            "max_tool_calls",
            "previous_response_id",
            "prompt_cache_key",
            "safety_identifier");

    private ResponseSettings() {}

    static ObjectNode of(JsonField body) {
        ObjectNode settings = JsonNodeFactory.instance.objectNode();
        NULL_WITHOUT.forEach(name -> set(settings, body, name, "null"));
        settings.put("model", body.at("model").text());
        set(settings, body, "parallel_tool_calls", "true");
        JsonNode reasoning = node(body.at("reasoning"));
        ObjectNode shown = settings.putObject("reasoning");
        shown.set("effort", reasoning.path("effort").isTextual() ? reasoning.get("effort") : shown.nullNode());
        shown.set("summary", reasoning.path("summary").isTextual() ? reasoning.get("summary") : shown.nullNode());
        settings.put("service_tier", "default");
        set(settings, body, "store", "true");
        set(settings, body, "temperature", "1.0");
        ObjectNode text = settings.putObject("text");
        JsonNode format = node(body.at("text")).path("format");
        text.set("format", format.isObject() ? format : text.objectNode().put("type", "text"));
        set(settings, body, "tool_choice", "\"auto\"");
        ArrayNode tools = settings.putArray("tools");
        body.at("tools").items().forEach(tool -> tools.add(tool(tool)));
        set(settings, body, "top_logprobs", "0");
        set(settings, body, "top_p", "1.0");
        set(settings, body, "presence_penalty", "0.0");
        set(settings, body, "frequency_penalty", "0.0");
        set(settings, body, "truncation", "\"disabled\"");
        settings.put("background", false);
        set(settings, body, "metadata", "{}");
        return settings;
    }

    private static ObjectNode tool(JsonField tool) {
        ObjectNode shown = (ObjectNode) node(tool);
        if (tool.at("type").text().equals("function")) {
            for (String name : List.of("description", "parameters", "strict")) {
                if (!shown.has(name)) {
                    shown.putNull(name);
                }
            }
        }
        return shown;
    }

    private static void set(ObjectNode settings, JsonField body, String name, String otherwise) {
        settings.set(name, body.at(name).absent() ? ResponsesInput.json(otherwise) : node(body.at(name)));
    }

    private static JsonNode node(JsonField field) {
        return field.absent() ? JsonNodeFactory.instance.missingNode() : ResponsesInput.json(field.compact());
    }
}
