package inference.huggingface;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import inference.CompactJson;
import inference.ContentBlock;
import inference.Message;
import inference.Role;
import inference.ToolDefinition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Conversations as templates get them: what engines make of the chat completions that they are sent. Contents are one text, parts joined
 * by line breaks; arguments of calls are mappings. Stateless.
 */
final class TemplateValues {
    private TemplateValues() {}

    static List<Object> tools(List<ToolDefinition> tools) {
        List<Object> all = new ArrayList<>();
        for (ToolDefinition tool : tools) {
            Map<String, @Nullable Object> function = new LinkedHashMap<>();
            function.put("name", tool.name());
            function.put("description", tool.description());
            function.put("parameters", json(tool.parameters()));
            if (tool.strict() != null) {
                function.put("strict", tool.strict());
            }
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("type", "function");
            one.put("function", function);
            all.add(one);
        }
        return all;
    }

    /** A message of ours with several tool results is several of theirs. */
    static List<Object> messages(List<Message> messages) {
        List<Object> all = new ArrayList<>();
        for (Message message : messages) {
            List<ContentBlock> rest = new ArrayList<>();
            for (ContentBlock block : message.content()) {
                if (block instanceof ContentBlock.ToolResult result) {
                    Map<String, Object> one = message(Role.TOOL, text(result.content()));
                    one.put("tool_call_id", result.toolUseId());
                    all.add(one);
                } else {
                    rest.add(block);
                }
            }
            if (message.role() == Role.ASSISTANT) {
                all.add(assistant(rest));
            } else if (!rest.isEmpty() || message.content().isEmpty()) {
                all.add(message(message.role(), text(rest)));
            }
        }
        return all;
    }

    private static Map<String, Object> message(Role role, String content) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("role", role.name().toLowerCase(Locale.ROOT));
        one.put("content", content);
        return one;
    }

    private static Map<String, Object> assistant(List<ContentBlock> blocks) {
        List<String> thoughts = new ArrayList<>();
        List<Object> calls = new ArrayList<>();
        for (ContentBlock block : blocks) {
            if (block instanceof ContentBlock.Thinking thinking) {
                thoughts.add(thinking.text());
            } else if (block instanceof ContentBlock.ToolUse call) {
                calls.add(call(call));
            }
        }
        Map<String, Object> one = message(Role.ASSISTANT, text(blocks));
        if (!thoughts.isEmpty()) {
            // The field's older name and its newer one: templates read either.
            one.put("reasoning_content", String.join("\n", thoughts));
            one.put("reasoning", String.join("\n", thoughts));
        }
        if (!calls.isEmpty()) {
            one.put("tool_calls", calls);
        }
        return one;
    }

    private static Map<String, Object> call(ContentBlock.ToolUse call) {
        Map<String, @Nullable Object> function = new LinkedHashMap<>();
        function.put("name", call.name());
        function.put("arguments", json(call.arguments()));
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("id", call.id());
        one.put("type", "function");
        one.put("function", function);
        return one;
    }

    private static String text(List<ContentBlock> blocks) {
        List<String> texts = new ArrayList<>();
        for (ContentBlock block : blocks) {
            if (block instanceof ContentBlock.Text text) {
                texts.add(text.text());
            } else if (block instanceof ContentBlock.Image image) {
                texts.add(image.reference());
            }
        }
        return String.join("\n", texts);
    }

    /** JSON as values; text that is none as it is. */
    private static @Nullable Object json(String text) {
        try {
            return value(CompactJson.READER.readTree(text));
        } catch (JsonProcessingException notJson) {
            return text;
        }
    }

    private static @Nullable Object value(JsonNode node) {
        if (node.isObject()) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            node.properties().forEach(member -> map.put(member.getKey(), value(member.getValue())));
            return map;
        }
        if (node.isArray()) {
            List<@Nullable Object> list = new ArrayList<>();
            node.forEach(element -> list.add(value(element)));
            return list;
        }
        if (node.isIntegralNumber()) {
            return node.canConvertToLong() ? (Object) node.longValue() : node.bigIntegerValue();
        }
        if (node.isNumber()) {
            return node.doubleValue();
        }
        return node.isTextual() ? node.textValue() : node.isBoolean() ? (Object) node.booleanValue() : null;
    }
}
