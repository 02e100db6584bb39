package frontend.messages;

import frontend.CacheControls;
import frontend.ConversationBuilder;
import frontend.JsonField;
import inference.ToolChoice;
import inference.ToolDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads which tools there are and which must be called. Tools that only Anthropic's own servers run, told by their dated
 * type, are left out: harnesses offer them to every server.
 *
 * <p>Thread-safety: immutable.
 */
record MessagesTools(List<ToolDefinition> definitions, ToolChoice choice, boolean parallel) {
    MessagesTools {
        definitions = List.copyOf(definitions);
    }

    /** Reads {@code tools} and {@code tool_choice}. */
    static MessagesTools decode(JsonField body, ConversationBuilder conversation, CacheControls marks) {
        List<ToolDefinition> tools = new ArrayList<>();
        for (JsonField tool : body.at("tools").items()) {
            Duration ttl = marks.read(tool.object());
            if (tool.at("type").textOr("custom").equals("custom")) {
                tools.add(definition(tool));
            }
            if (ttl != null) {
                conversation.markTool(tools.size() - 1, ttl);
            }
        }
        JsonField choice = body.at("tool_choice");
        if (choice.absent()) {
            return new MessagesTools(tools, ToolChoice.AUTO, true);
        }
        boolean parallel = !choice.object().at("disable_parallel_tool_use").booleanOr(false);
        return new MessagesTools(tools, choice(choice, tools), parallel);
    }

    private static ToolDefinition definition(JsonField tool) {
        JsonField schema = tool.at("input_schema");
        return new ToolDefinition(
                tool.at("name").nonEmptyText(),
                tool.at("description").textOr(""),
                schema.object().compact(),
                tool.at("strict").booleanOrNull());
    }

    private static ToolChoice choice(JsonField choice, List<ToolDefinition> tools) {
        JsonField type = choice.at("type");
        return switch (type.text()) {
            case "auto" -> ToolChoice.AUTO;
            case "none" -> new ToolChoice(ToolChoice.Mode.NONE, null);
            case "any" -> {
                if (tools.isEmpty()) {
                    throw type.refused("is 'any' but there are no tools");
                }
                yield new ToolChoice(ToolChoice.Mode.REQUIRED, null);
            }
            case "tool" -> {
                String name = choice.at("name").nonEmptyText();
                if (tools.stream().noneMatch(tool -> tool.name().equals(name))) {
                    throw choice.at("name").mustBe("the name of one of the tools");
                }
                yield new ToolChoice(ToolChoice.Mode.NAMED, name);
            }
            default -> throw type.mustBe("'auto', 'any', 'tool' or 'none'");
        };
    }
}
