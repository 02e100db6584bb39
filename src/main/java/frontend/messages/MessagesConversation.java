package frontend.messages;

import frontend.CacheControls;
import frontend.ConversationBuilder;
import frontend.ImageReference;
import frontend.JsonField;
import frontend.ReasoningSeal;
import inference.ContentBlock;
import inference.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads {@code system} and {@code messages} into a conversation. Tool results, which stand in messages of the user here, are
 * a role of their own inside.
 *
 * <p>Reasoning counts as far as its signature carries it: what another server signed cannot be read here and is left out,
 * as if the model had not reasoned.
 *
 * <p>Thread-safety: confined to one request.
 */
final class MessagesConversation {
    private final ConversationBuilder conversation;
    private final CacheControls marks;

    MessagesConversation(ConversationBuilder conversation, CacheControls marks) {
        this.conversation = conversation;
        this.marks = marks;
    }

    void system(JsonField system) {
        if (!system.absent()) {
            conversation.speaker(Role.SYSTEM);
            texts(system);
        }
    }

    void messages(JsonField messages) {
        List<JsonField> items = messages.items();
        if (items.isEmpty()) {
            throw messages.mustBe("an array with at least one message");
        }
        for (JsonField message : items) {
            JsonField role = message.object().at("role");
            JsonField content = message.at("content");
            switch (role.text()) {
                case "system" -> {
                    conversation.speaker(Role.SYSTEM);
                    texts(content);
                }
                case "user" -> user(content);
                case "assistant" -> assistant(content);
                default -> throw role.mustBe("'user', 'assistant' or 'system'");
            }
        }
        JsonField last = items.get(items.size() - 1);
        if (last.at("role").text().equals("assistant")) {
            throw last.at("role")
                    .refused("must not be 'assistant' in the last message: to prefill an answer is not served");
        }
    }

    private void texts(JsonField content) {
        if (content.isText()) {
            conversation.add(new ContentBlock.Text(content.text()));
            return;
        }
        for (JsonField block : content.items()) {
            JsonField type = block.object().at("type");
            if (!type.text().equals("text")) {
                throw type.mustBe("'text', the only kind of system block");
            }
            text(block);
        }
    }

    private void user(JsonField content) {
        if (content.isText() || blocks(content).isEmpty()) {
            conversation.speaker(Role.USER);
            conversation.add(new ContentBlock.Text(content.textOr("")));
            return;
        }
        for (JsonField block : blocks(content)) {
            JsonField type = block.object().at("type");
            boolean result = type.text().equals("tool_result");
            conversation.speaker(result ? Role.TOOL : Role.USER);
            switch (type.text()) {
                case "text" -> text(block);
                case "image" -> add(image(block), block);
                case "document" -> document(block);
                case "tool_result" -> toolResult(block);
                default -> throw type.mustBe("'text', 'image', 'document' or 'tool_result', the kinds served");
            }
        }
    }

    private void assistant(JsonField content) {
        conversation.speaker(Role.ASSISTANT);
        if (content.isText()) {
            conversation.add(new ContentBlock.Text(content.text()));
            return;
        }
        for (JsonField block : blocks(content)) {
            JsonField type = block.object().at("type");
            switch (type.text()) {
                case "text" -> text(block);
                case "thinking" -> thinking(block);
                case "redacted_thinking" -> CacheControls.refuse(block, "reasoning");
                case "tool_use" -> add(toolUse(block), block);
                default -> throw type.mustBe("'text', 'thinking', 'redacted_thinking' or 'tool_use', the kinds served");
            }
        }
    }

    private static List<JsonField> blocks(JsonField content) {
        if (!content.isArray()) {
            throw content.mustBe("a string or an array of blocks");
        }
        return content.items();
    }

    private void text(JsonField block) {
        add(new ContentBlock.Text(markable(block)), block);
    }

    /** A block's text, which has no mark when it is empty. */
    static String markable(JsonField block) {
        String text = block.at("text").text();
        if (text.isEmpty()) {
            CacheControls.refuse(block, "an empty text");
        }
        return text;
    }

    private void thinking(JsonField block) {
        CacheControls.refuse(block, "reasoning");
        block.at("thinking").text();
        String signature = block.at("signature").textOr("");
        String reasoning = ReasoningSeal.open(signature);
        if (reasoning != null) {
            conversation.add(new ContentBlock.Thinking(reasoning, null));
        }
    }

    private void add(ContentBlock block, JsonField source) {
        conversation.add(block);
        mark(source);
    }

    private void mark(JsonField marked) {
        Duration ttl = marks.read(marked);
        if (ttl != null) {
            conversation.mark(ttl);
        }
    }

    private static ContentBlock toolUse(JsonField block) {
        return new ContentBlock.ToolUse(
                block.at("id").nonEmptyText(),
                block.at("name").nonEmptyText(),
                RawArguments.text(block.at("input").object()));
    }

    /** A mark on a part of a document keeps the whole document. */
    private void document(JsonField block) {
        MessagesDocument document = MessagesDocument.of(block);
        conversation.add(new ContentBlock.Text(document.text()));
        document.parts().forEach(this::mark);
        mark(block);
    }

    /** A mark on a part of a result keeps the whole result. */
    private void toolResult(JsonField block) {
        List<ContentBlock> content = new ArrayList<>();
        JsonField inner = block.at("content");
        List<JsonField> parts = inner.absent() || inner.isText() ? List.of() : blocks(inner);
        if (inner.isText()) {
            addText(inner.text(), content);
        }
        List<JsonField> marked = new ArrayList<>();
        for (JsonField part : parts) {
            JsonField type = part.object().at("type");
            switch (type.text()) {
                case "text" -> addText(markable(part), content);
                case "image" -> content.add(image(part));
                case "document" -> {
                    MessagesDocument document = MessagesDocument.of(part);
                    addText(document.text(), content);
                    marked.addAll(document.parts());
                }
                default -> throw type.mustBe("'text', 'image' or 'document', the kinds served in a tool result");
            }
            marked.add(part);
        }
        conversation.add(new ContentBlock.ToolResult(
                block.at("tool_use_id").nonEmptyText(),
                content,
                block.at("is_error").booleanOr(false)));
        marked.forEach(this::mark);
        mark(block);
    }

    private static void addText(String text, List<ContentBlock> content) {
        if (!text.isEmpty()) {
            content.add(new ContentBlock.Text(text));
        }
    }

    private static ContentBlock image(JsonField block) {
        JsonField source = block.at("source").object();
        JsonField type = source.at("type");
        return switch (type.text()) {
            case "base64" ->
                ImageReference.inline(
                        source.at("media_type").nonEmptyText(),
                        source.at("data").nonEmptyText());
            case "url" -> ImageReference.at(source.at("url"));
            default -> throw type.mustBe("'base64' or 'url'");
        };
    }
}
