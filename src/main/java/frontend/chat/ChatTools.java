package frontend.chat;

import frontend.CacheControls;
import frontend.ConversationBuilder;
import frontend.FreeFormTools;
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
 *
 * @param freeForm names of those that take text
 */
record ChatTools(List<ToolDefinition> definitions, Set<String> freeForm, ToolChoice choice) {
    private static final String CUSTOM = "custom";
    private static final Set<String> KINDS = Set.of("function", CUSTOM);

    ChatTools {
        definitions = List.copyOf(definitions);
        freeForm = Set.copyOf(freeForm);
    }

    /** Decodes {@code tools} and {@code tool_choice}. */
    static ChatTools decode(JsonField body, ConversationBuilder conversation, CacheControls marks) {
        List<ToolDefinition> tools = new ArrayList<>();
        Set<String> freeForm = new LinkedHashSet<>();
        for (JsonField tool : body.at("tools").items()) {
            JsonField told = told(tool.object());
            if (tool.at("type").text().equals(CUSTOM)) {
                tools.add(custom(told));
                freeForm.add(told.at("name").text());
            } else {
                tools.add(function(told));
            }
            Duration ttl = marks.read(tool);
            if (ttl != null) {
                conversation.markTool(tools.size() - 1, ttl);
            }
        }
        JsonField choice = body.at("tool_choice");
        if (choice.absent()) {
            return new ChatTools(tools, freeForm, ToolChoice.AUTO);
        }
        if (choice.isText()) {
            return new ChatTools(tools, freeForm, mode(choice, tools));
        }
        JsonField type = choice.object().at("type");
        return switch (type.text()) {
            case "function", CUSTOM -> new ChatTools(tools, freeForm, named(known(told(choice), tools)));
            case "allowed_tools" -> allowed(choice.at("allowed_tools").object(), tools, freeForm);
            default -> throw type.mustBe("'function', 'custom' or 'allowed_tools'");
        };
    }

    private static ToolDefinition function(JsonField function) {
        JsonField parameters = function.at("parameters");
        return new ToolDefinition(
                function.at("name").nonEmptyText(),
                function.at("description").textOr(""),
                parameters.absent() ? "{}" : parameters.object().compact(),
                function.at("strict").booleanOrNull());
    }

    private static ToolDefinition custom(JsonField custom) {
        JsonField format = custom.at("format");
        return FreeFormTools.definition(
                custom, format.absent() ? format : format.object().at("grammar"));
    }

    /** The member that tells of a tool, which is called as its type. */
    private static JsonField told(JsonField tool) {
        JsonField type = tool.at("type");
        if (!KINDS.contains(type.text())) {
            throw type.mustBe("'function' or 'custom', the kinds of tool served");
        }
        return tool.at(type.text()).object();
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

    private static ChatTools allowed(JsonField allowed, List<ToolDefinition> tools, Set<String> freeForm) {
        Set<String> names = new LinkedHashSet<>();
        for (JsonField tool : allowed.at("tools").items()) {
            names.add(known(told(tool.object()), tools));
        }
        List<ToolDefinition> left = new ArrayList<>(tools);
        left.removeIf(tool -> !names.contains(tool.name()));
        JsonField mode = allowed.at("mode");
        if (mode.text().equals("required") && names.size() == 1) {
            return new ChatTools(tools, freeForm, named(names.iterator().next()));
        }
        if (!mode.text().equals("auto") && !mode.text().equals("required")) {
            throw mode.mustBe("'auto' or 'required'");
        }
        return new ChatTools(left, freeForm, mode(mode, left));
    }

    private static String known(JsonField told, List<ToolDefinition> tools) {
        JsonField field = told.at("name");
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
