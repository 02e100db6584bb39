package frontend;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import inference.CompactJson;
import inference.ToolDefinition;

/**
 * Tools that take plain text, as engines know them: functions of one string. A grammar for the text is told to the model in
 * the description; no engine's protocol can enforce it.
 */
public final class FreeFormTools {
    private static final String PARAMETER = "input";
    private static final String SCHEMA =
            "{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\"}},\"required\":[\"input\"]}";

    private FreeFormTools() {}

    /**
     * Such a tool as engines get it.
     *
     * @param grammar what has the grammar's syntax and definition; absent for free text
     */
    public static ToolDefinition definition(JsonField tool, JsonField grammar) {
        String description = tool.at("description").textOr("");
        if (!grammar.absent() && grammar.object().at("definition").isText()) {
            description +=
                    "\nThe input must follow this " + grammar.at("syntax").textOr("") + " grammar:\n"
                            + grammar.at("definition").text();
        }
        return new ToolDefinition(tool.at("name").nonEmptyText(), description, SCHEMA, null);
    }

    /** Arguments that stand for a text. */
    public static String arguments(String input) {
        return CompactJson.of(JsonNodeFactory.instance.objectNode().put(PARAMETER, input));
    }

    /** The text that arguments stand for; the arguments themselves when the model did not keep to the form. */
    public static String input(String arguments) {
        try {
            JsonNode input = CompactJson.READER.readTree(arguments).path(PARAMETER);
            return input.isTextual() ? input.textValue() : arguments;
        } catch (JsonProcessingException notJson) {
            return arguments;
        }
    }
}
