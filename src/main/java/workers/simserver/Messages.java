package workers.simserver;

import inference.CompactJson;
import inference.ContentBlock;
import inference.Message;
import inference.Role;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads {@code messages}. Adjacent messages of one role are joined and arguments of calls are spelled in one way, so that
 * one conversation is one prompt, however clients write it. Stateless.
 */
final class Messages {
    private Messages() {}

    /**
     * Reads messages, at least one.
     *
     * @param field where they stand
     */
    static List<Message> read(BodyField field, List<BodyField> items) {
        List<Message> messages = new ArrayList<>();
        List<ContentBlock> joined = new ArrayList<>();
        Role speaker = null;
        for (BodyField item : items) {
            Role role = role(item.at("role"));
            if (speaker != null && role != speaker) {
                messages.add(new Message(speaker, joined));
                joined.clear();
            }
            speaker = role;
            content(role, item, joined);
        }
        if (speaker == null) {
            throw field.mustBe("an array with at least one message");
        }
        messages.add(new Message(speaker, joined));
        return messages;
    }

    private static Role role(BodyField role) {
        return switch (role.text()) {
            case "system", "developer" -> Role.SYSTEM;
            case "user" -> Role.USER;
            case "assistant" -> Role.ASSISTANT;
            case "tool" -> Role.TOOL;
            default -> throw role.mustBe("system, developer, user, assistant or tool");
        };
    }

    private static void content(Role role, BodyField message, List<ContentBlock> into) {
        if (role == Role.TOOL) {
            List<ContentBlock> result = new ArrayList<>();
            parts(message.at("content"), result);
            into.add(new ContentBlock.ToolResult(message.at("tool_call_id").textOr(""), result, false));
            return;
        }
        if (role == Role.ASSISTANT) {
            BodyField named = message.at("reasoning_content");
            String reasoning = (named.absent() ? message.at("reasoning") : named).textOr("");
            if (!reasoning.isEmpty()) {
                into.add(new ContentBlock.Thinking(reasoning, null));
            }
        }
        parts(message.at("content"), into);
        if (role == Role.ASSISTANT) {
            String refusal = message.at("refusal").textOr("");
            if (!refusal.isEmpty()) {
                into.add(new ContentBlock.Refusal(refusal));
            }
            for (BodyField call : message.at("tool_calls").items()) {
                into.add(call(call));
            }
        }
    }

    private static void parts(BodyField content, List<ContentBlock> into) {
        if (content.isText()) {
            text(content, into);
            return;
        }
        for (BodyField part : content.items()) {
            BodyField type = part.at("type");
            switch (type.text()) {
                case "text" -> text(part.at("text"), into);
                case "refusal" ->
                    into.add(new ContentBlock.Refusal(part.at("refusal").text()));
                case "image_url" ->
                    into.add(new ContentBlock.Image(
                            "image/*", part.at("image_url").at("url").text()));
                default -> throw type.mustBe("text, image_url or refusal");
            }
        }
    }

    private static void text(BodyField field, List<ContentBlock> into) {
        String text = field.text();
        if (!text.isEmpty()) {
            into.add(new ContentBlock.Text(text));
        }
    }

    private static ContentBlock call(BodyField call) {
        String id = call.at("id").textOr("");
        BodyField custom = call.at("custom");
        if (custom.isObject()) {
            return new ContentBlock.ToolUse(
                    id, custom.at("name").text(), custom.at("input").text());
        }
        BodyField function = call.at("function");
        String arguments = function.at("arguments").textOr("");
        return new ContentBlock.ToolUse(id, function.at("name").text(), CompactJson.arguments(arguments));
    }
}
