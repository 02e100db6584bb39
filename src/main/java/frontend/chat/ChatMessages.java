package frontend.chat;

import frontend.ConversationBuilder;
import frontend.ImageReference;
import frontend.JsonField;
import frontend.PromptNoise;
import inference.CompactJson;
import inference.ContentBlock;
import inference.Message;
import inference.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Decodes a conversation. */
final class ChatMessages {
    private ChatMessages() {}

    /** Decodes {@code messages}. */
    static List<Message> decode(JsonField messages, PromptNoise noise) {
        List<JsonField> items = messages.items();
        if (items.isEmpty()) {
            throw messages.mustBe("an array with at least one message");
        }
        ConversationBuilder conversation = new ConversationBuilder(noise);
        for (JsonField item : items) {
            Role role = role(item.object().at("role"));
            conversation.speaker(role);
            decode(role, item, conversation::add);
        }
        return conversation.messages();
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

    private static void decode(Role role, JsonField message, Consumer<ContentBlock> blocks) {
        message.at("name").textOrNull();
        if (role == Role.ASSISTANT) {
            assistant(message, blocks);
        } else if (role == Role.TOOL) {
            List<ContentBlock> result = new ArrayList<>();
            content(message.at("content"), false, result::add);
            blocks.accept(new ContentBlock.ToolResult(message.at("tool_call_id").nonEmptyText(), result, false));
        } else {
            content(message.at("content"), false, blocks);
        }
    }

    private static void assistant(JsonField message, Consumer<ContentBlock> blocks) {
        for (String name : List.of("function_call", "audio")) {
            if (!message.at(name).absent()) {
                throw message.at(name).refused("is not served");
            }
        }
        String reasoning = message.at("reasoning_content").textOr("");
        if (!reasoning.isEmpty()) {
            blocks.accept(new ContentBlock.Thinking(reasoning, null));
        }
        content(message.at("content"), true, blocks);
        String refusal = message.at("refusal").textOr("");
        if (!refusal.isEmpty()) {
            blocks.accept(new ContentBlock.Refusal(refusal));
        }
        for (JsonField call : message.at("tool_calls").items()) {
            blocks.accept(toolCall(call.object()));
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
                yield new ContentBlock.ToolUse(
                        id, custom.at("name").nonEmptyText(), custom.at("input").text());
            }
            default -> throw type.mustBe("'function' or 'custom'");
        };
    }

    private static void content(JsonField content, boolean mayRefuse, Consumer<ContentBlock> blocks) {
        if (content.isText()) {
            text(content, blocks);
        } else if (content.isArray()) {
            content.items().forEach(part -> part(part.object(), mayRefuse, blocks));
        } else if (!content.absent()) {
            throw content.mustBe("a string, null or an array of parts");
        }
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
