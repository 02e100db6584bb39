package frontend.chat;

import frontend.CacheControls;
import frontend.ConversationBuilder;
import frontend.JsonField;
import inference.ToolChoice;
import inference.ToolDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Decodes which tools there are and which must be called.
 *
 * <p>{@code allowed_tools} leaves out the tools it does not allow. That is what it asks for, at the price of another prompt:
 * a request whose allowed tools differ shares no prefix with its session.
 *
 * <p>Thread-safety: immutable.
 */
record ChatTools(List<ToolDefinition> definitions, ToolChoice choice) {
    ChatTools {
        definitions = List.copyOf(definitions);
    }

    /** Decodes {@code tools} and {@code tool_choice}. */
    static ChatTools decode(JsonField body, ConversationBuilder conversation, CacheControls marks) {
        List<ToolDefinition> tools = new ArrayList<>();
        for (JsonField tool : body.at("tools").items()) {
            functionType(tool.object());
            tools.add(definition(tool.at("function").object()));
            Duration ttl = marks.read(tool);
            if (ttl != null) {
                conversation.markTool(tools.size() - 1, ttl);
            }
        }
        JsonField choice = body.at("tool_choice");
        if (choice.absent()) {
            return new ChatTools(tools, ToolChoice.AUTO);
        }
        if (choice.isText()) {
            return new ChatTools(tools, mode(choice, tools));
        }
        JsonField type = choice.object().at("type");
        return switch (type.text()) {
            case "function" -> new ChatTools(tools, named(known(choice.at("function"), tools)));
            case "allowed_tools" -> allowed(choice.at("allowed_tools").object(), tools);
            default -> throw type.mustBe("'function' or 'allowed_tools'");
        };
    }

    private static ToolDefinition definition(JsonField function) {
        JsonField parameters = function.at("parameters");
        return new ToolDefinition(
                function.at("name").nonEmptyText(),
                function.at("description").textOr(""),
                parameters.absent() ? "{}" : parameters.object().compact(),
                function.at("strict").booleanOrNull());
    }

    private static void functionType(JsonField tool) {
        JsonField type = tool.at("type");
        if (!type.text().equals("function")) {
            throw type.mustBe("'function', the only kind of tool served");
        }
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

    private static ChatTools allowed(JsonField allowed, List<ToolDefinition> tools) {
        Set<String> names = new LinkedHashSet<>();
        for (JsonField tool : allowed.at("tools").items()) {
            functionType(tool.object());
            names.add(known(tool.at("function"), tools));
        }
        List<ToolDefinition> left = new ArrayList<>(tools);
        left.removeIf(tool -> !names.contains(tool.name()));
        JsonField mode = allowed.at("mode");
        if (mode.text().equals("required") && names.size() == 1) {
            return new ChatTools(tools, named(names.iterator().next()));
        }
        if (!mode.text().equals("auto") && !mode.text().equals("required")) {
            throw mode.mustBe("'auto' or 'required'");
        }
        return new ChatTools(left, mode(mode, left));
    }

    private static String known(JsonField function, List<ToolDefinition> tools) {
        JsonField field = function.object().at("name");
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
