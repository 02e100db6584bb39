package frontend.chat;

import frontend.CacheControls;
import frontend.ConversationBuilder;
import frontend.FreeFormTools;
import frontend.ImageReference;
import frontend.JsonField;
import inference.CompactJson;
import inference.ContentBlock;
import inference.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Decodes a conversation. Parts of messages may carry {@code cache_control} marks, as Anthropic has them.
 *
 * <p>Thread-safety: confined to one request.
 */
final class ChatMessages {
    private final ConversationBuilder conversation;
    private final CacheControls marks;

    ChatMessages(ConversationBuilder conversation, CacheControls marks) {
        this.conversation = conversation;
        this.marks = marks;
    }

    /** Decodes {@code messages}. */
    void decode(JsonField messages) {
        List<JsonField> items = messages.items();
        if (items.isEmpty()) {
            throw messages.mustBe("an array with at least one message");
        }
        for (JsonField item : items) {
            Role role = role(item.object().at("role"));
            conversation.speaker(role);
            decode(role, item);
        }
    }

    private static Role role(JsonField role) {
        return switch (role.text()) {
            case "system", "developer" -> Role.SYSTEM;
            case "user" -> Role.USER;
            case "assistant" -> Role.ASSISTANT;
            case "tool" -> Role.TOOL;
            default -> throw role.mustBe("one of system, developer, user, assistant, tool");
        };
    }

    private void decode(Role role, JsonField message) {
        message.at("name").textOrNull();
        if (role == Role.ASSISTANT) {
            assistant(message);
        } else if (role == Role.TOOL) {
            List<ContentBlock> result = new ArrayList<>();
            List<JsonField> parts = content(message.at("content"), false, result::add);
            conversation.add(
                    new ContentBlock.ToolResult(message.at("tool_call_id").nonEmptyText(), result, false));
            parts.forEach(this::mark);
        } else {
            content(message.at("content"), false);
        }
        mark(message);
    }

    /** Adds parts to what the speaker says, each with its mark. */
    private void content(JsonField content, boolean mayRefuse) {
        if (content.isArray()) {
            for (JsonField part : content.items()) {
                part(part.object(), mayRefuse, conversation::add);
                mark(part);
            }
        } else {
            content(content, mayRefuse, conversation::add);
        }
    }

    private void mark(JsonField marked) {
        Duration ttl = marks.read(marked);
        if (ttl != null) {
            conversation.mark(ttl);
        }
    }

    private void assistant(JsonField message) {
        for (String name : List.of("function_call", "audio")) {
            if (!message.at(name).absent()) {
                throw message.at(name).refused("is not served");
            }
        }
        String reasoning = message.at("reasoning_content").textOr("");
        if (!reasoning.isEmpty()) {
            conversation.add(new ContentBlock.Thinking(reasoning, null));
        }
        content(message.at("content"), true);
        String refusal = message.at("refusal").textOr("");
        if (!refusal.isEmpty()) {
            conversation.add(new ContentBlock.Refusal(refusal));
        }
        for (JsonField call : message.at("tool_calls").items()) {
            conversation.add(toolCall(call.object()));
        }
    }

    private static ContentBlock toolCall(JsonField call) {
        String id = call.at("id").nonEmptyText();
        JsonField type = call.at("type");
        return switch (type.textOr("function")) {
            case "function" -> {
                JsonField function = call.at("function").object();
                String arguments =
                        CompactJson.arguments(function.at("arguments").textOr(""));
                yield new ContentBlock.ToolUse(id, function.at("name").nonEmptyText(), arguments);
            }
            case "custom" -> {
                JsonField custom = call.at("custom").object();
                String arguments = FreeFormTools.arguments(custom.at("input").text());
                yield new ContentBlock.ToolUse(id, custom.at("name").nonEmptyText(), arguments);
            }
            default -> throw type.mustBe("'function' or 'custom'");
        };
    }

    /** Its parts, which may carry marks. */
    private static List<JsonField> content(JsonField content, boolean mayRefuse, Consumer<ContentBlock> blocks) {
        if (content.isText()) {
            text(content, blocks);
        } else if (content.isArray()) {
            content.items().forEach(part -> part(part.object(), mayRefuse, blocks));
            return content.items();
        } else if (!content.absent()) {
            throw content.mustBe("a string, null or an array of parts");
        }
        return List.of();
    }

    private static void part(JsonField part, boolean mayRefuse, Consumer<ContentBlock> blocks) {
        JsonField type = part.at("type");
        String name = type.text();
        if (name.equals("text")) {
            text(part.at("text"), blocks);
        } else if (name.equals("image_url")) {
            blocks.accept(ImageReference.at(part.at("image_url").object().at("url")));
        } else if (name.equals("refusal") && mayRefuse) {
            blocks.accept(new ContentBlock.Refusal(part.at("refusal").text()));
        } else {
            throw type.mustBe(mayRefuse ? "'text', 'image_url' or 'refusal'" : "'text' or 'image_url'");
        }
    }

    private static void text(JsonField field, Consumer<ContentBlock> blocks) {
        String text = field.text();
        if (!text.isEmpty()) {
            blocks.accept(new ContentBlock.Text(text));
        }
    }
}
