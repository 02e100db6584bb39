package frontend.responses;

import frontend.FreeFormTools;
import frontend.JsonField;
import inference.ToolChoice;
import inference.ToolDefinition;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads which tools there are and which must be called. Kinds that only OpenAI's own servers run are left out: harnesses
 * offer them to every server.
 *
 * <p>Thread-safety: immutable.
 *
 * @param freeForm names of those that take text
 */
record ResponsesTools(List<ToolDefinition> definitions, Set<String> freeForm, ToolChoice choice) {
    ResponsesTools {
        definitions = List.copyOf(definitions);
        freeForm = Set.copyOf(freeForm);
    }

    /** Reads {@code tools} and {@code tool_choice}. */
    static ResponsesTools decode(JsonField body) {
        List<ToolDefinition> tools = new ArrayList<>();
        Set<String> freeForm = new LinkedHashSet<>();
        for (JsonField tool : body.at("tools").items()) {
            switch (tool.object().at("type").text()) {
                case "function" -> tools.add(function(tool));
                case "custom" -> {
                    ToolDefinition definition = FreeFormTools.definition(tool, tool.at("format"));
                    tools.add(definition);
                    freeForm.add(definition.name());
                }
                default -> {}
            }
        }
        JsonField choice = body.at("tool_choice");
        if (choice.absent()) {
            return new ResponsesTools(tools, freeForm, ToolChoice.AUTO);
        }
        if (choice.isText()) {
            return new ResponsesTools(tools, freeForm, mode(choice, tools));
        }
        JsonField type = choice.object().at("type");
        return switch (type.text()) {
            case "function", "custom" -> new ResponsesTools(tools, freeForm, named(known(choice.at("name"), tools)));
            case "allowed_tools" -> allowed(choice, tools, freeForm);
            default -> throw type.mustBe("'function', 'custom' or 'allowed_tools'");
        };
    }

    private static ToolDefinition function(JsonField tool) {
        JsonField parameters = tool.at("parameters");
        return new ToolDefinition(
                tool.at("name").nonEmptyText(),
                tool.at("description").textOr(""),
                parameters.absent() ? "{}" : parameters.object().compact(),
                tool.at("strict").booleanOrNull());
    }

    private static ToolChoice mode(JsonField choice, List<ToolDefinition> tools) {
        return switch (choice.text()) {
            case "auto" -> ToolChoice.AUTO;
            case "none" -> new ToolChoice(ToolChoice.Mode.NONE, null);
            case "required" -> {
                if (tools.isEmpty()) {
                    throw choice.refused("is 'required' but there are no tools");
                }
                yield new ToolChoice(ToolChoice.Mode.REQUIRED, null);
            }
            default -> throw choice.mustBe("'auto', 'none', 'required' or an object");
        };
    }

    private static ResponsesTools allowed(JsonField choice, List<ToolDefinition> tools, Set<String> freeForm) {
        Set<String> names = new LinkedHashSet<>();
        for (JsonField tool : choice.at("tools").items()) {
            names.add(known(tool.object().at("name"), tools));
        }
        List<ToolDefinition> left = new ArrayList<>(tools);
        left.removeIf(tool -> !names.contains(tool.name()));
        return new ResponsesTools(left, freeForm, mode(choice.at("mode"), left));
    }

    private static String known(JsonField field, List<ToolDefinition> tools) {
        String name = field.nonEmptyText();
        if (tools.stream().noneMatch(tool -> tool.name().equals(name))) {
            throw field.mustBe("the name of one of the tools");
        }
        return name;
    }

    private static ToolChoice named(String name) {
        return new ToolChoice(ToolChoice.Mode.NAMED, name);
    }
}
