package frontend.responses;

import frontend.ConversationBuilder;
import frontend.FreeFormTools;
import frontend.ImageReference;
import frontend.JsonField;
import frontend.ReasoningSeal;
import inference.CompactJson;
import inference.ContentBlock;
import inference.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Reads items into a conversation. Several items of one reply are one contribution of the assistant. Items of unknown types
 * are skipped: clients replay those of tools that other servers ran.
 *
 * <p>Thread-safety: confined to one request.
 */
final class ResponsesConversation {
    private final ConversationBuilder conversation;

    ResponsesConversation(ConversationBuilder conversation) {
        this.conversation = conversation;
    }

    void instructions(JsonField instructions) {
        if (!instructions.absent()) {
            conversation.speaker(Role.SYSTEM);
            conversation.add(new ContentBlock.Text(instructions.text()));
        }
    }

    void text(JsonField input) {
        conversation.speaker(Role.USER);
        conversation.add(new ContentBlock.Text(input.text()));
    }

    void item(JsonField item) {
        switch (item.object().at("type").textOr("message")) {
            case "message" -> message(item);
            case "function_call" ->
                said(new ContentBlock.ToolUse(
                        item.at("call_id").nonEmptyText(),
                        item.at("name").nonEmptyText(),
                        CompactJson.arguments(item.at("arguments").textOr(""))));
            case "custom_tool_call" ->
                said(new ContentBlock.ToolUse(
                        item.at("call_id").nonEmptyText(),
                        item.at("name").nonEmptyText(),
                        FreeFormTools.arguments(item.at("input").text())));
            case "function_call_output", "custom_tool_call_output" -> result(item);
            case "reasoning" -> reasoning(item);
            default -> {}
        }
    }

    private void message(JsonField message) {
        JsonField role = message.at("role");
        Role speaker =
                switch (role.text()) {
                    case "user" -> Role.USER;
                    case "system", "developer" -> Role.SYSTEM;
                    case "assistant" -> Role.ASSISTANT;
                    default -> throw role.mustBe("'user', 'assistant', 'system' or 'developer'");
                };
        conversation.speaker(speaker);
        content(message.at("content"), conversation::add);
    }

    private void said(ContentBlock block) {
        conversation.speaker(Role.ASSISTANT);
        conversation.add(block);
    }

    private void result(JsonField item) {
        List<ContentBlock> content = new ArrayList<>();
        content(item.at("output"), content::add);
        conversation.speaker(Role.TOOL);
        conversation.add(new ContentBlock.ToolResult(item.at("call_id").nonEmptyText(), content, false));
    }

    /** What another server encrypted cannot be read here and is left out, as if the model had not reasoned. */
    private void reasoning(JsonField item) {
        JsonField encrypted = item.at("encrypted_content");
        String reasoning = encrypted.absent() ? shown(item) : ReasoningSeal.open(encrypted.text());
        if (reasoning != null && !reasoning.isEmpty()) {
            said(new ContentBlock.Thinking(reasoning, null));
        }
    }

    private static String shown(JsonField item) {
        JsonField parts = item.at("content").items().isEmpty() ? item.at("summary") : item.at("content");
        StringBuilder text = new StringBuilder();
        for (JsonField part : parts.items()) {
            text.append(text.length() == 0 ? "" : "\n")
                    .append(part.object().at("text").text());
        }
        return text.toString();
    }

    private static void content(JsonField content, Consumer<ContentBlock> blocks) {
        if (content.isText()) {
            text(content, blocks);
            return;
        }
        if (!content.isArray()) {
            throw content.mustBe("a string or an array of parts");
        }
        for (JsonField part : content.items()) {
            JsonField type = part.object().at("type");
            switch (type.text()) {
                case "input_text", "output_text", "text" -> text(part.at("text"), blocks);
                case "refusal" ->
                    blocks.accept(new ContentBlock.Refusal(part.at("refusal").text()));
                case "input_image" -> blocks.accept(ImageReference.at(part.at("image_url")));
                default -> throw type.mustBe("'input_text', 'input_image', 'output_text' or 'refusal'");
            }
        }
    }

    private static void text(JsonField field, Consumer<ContentBlock> blocks) {
        String text = field.text();
        if (!text.isEmpty()) {
            blocks.accept(new ContentBlock.Text(text));
        }
    }
}
