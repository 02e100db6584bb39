package workers.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.ContentBlock;
import inference.Message;
import inference.Role;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages in the chat API's shape. One message of ours with several tool results becomes several of theirs, which a
 * reader joins again: adjacent messages of one role are one message.
 *
 * <p>Thread-safety: stateless.
 */
final class MessagesJson {
    private MessagesJson() {}

    static void write(List<Message> messages, ArrayNode target) {
        for (Message message : messages) {
            List<ContentBlock> content = new ArrayList<>();
            for (ContentBlock block : message.content()) {
                if (block instanceof ContentBlock.ToolResult result) {
                    toolResult(result, target.addObject());
                } else {
                    content.add(block);
                }
            }
            if (message.role() == Role.ASSISTANT) {
                assistant(content, target.addObject().put("role", "assistant"));
            } else if (!content.isEmpty() || message.content().isEmpty()) {
                ObjectNode node = target.addObject().put("role", role(message.role()));
                content(content, node);
            }
        }
    }

    private static String role(Role role) {
        return switch (role) {
            case SYSTEM -> "system";
            case USER -> "user";
            case ASSISTANT -> "assistant";
            case TOOL -> "tool";
        };
    }

    private static void toolResult(ContentBlock.ToolResult result, ObjectNode node) {
        node.put("role", "tool").put("tool_call_id", result.toolUseId());
        content(result.content(), node);
    }

    private static void assistant(List<ContentBlock> blocks, ObjectNode node) {
        List<ContentBlock> visible = new ArrayList<>();
        StringBuilder reasoning = new StringBuilder();
        for (ContentBlock block : blocks) {
            if (block instanceof ContentBlock.Thinking thinking) {
                reasoning.append(reasoning.length() == 0 ? "" : "\n").append(thinking.text());
            } else if (block instanceof ContentBlock.ToolUse call) {
                toolCall(call, node.withArray("tool_calls"));
            } else if (block instanceof ContentBlock.Refusal refusal) {
                node.put("refusal", refusal.text());
            } else {
                visible.add(block);
            }
        }
        if (reasoning.length() > 0) {
            node.put("reasoning_content", reasoning.toString());
        }
        if (visible.isEmpty()) {
            node.putNull("content");
        } else {
            content(visible, node);
        }
    }

    private static void toolCall(ContentBlock.ToolUse call, ArrayNode calls) {
        calls.addObject()
                .put("id", call.id())
                .put("type", "function")
                .putObject("function")
                .put("name", call.name())
                .put("arguments", call.arguments());
    }

    private static void content(List<ContentBlock> blocks, ObjectNode node) {
        if (blocks.isEmpty()) {
            node.put("content", "");
        } else if (blocks.size() == 1 && blocks.get(0) instanceof ContentBlock.Text text) {
            node.put("content", text.text());
        } else {
            ArrayNode parts = node.putArray("content");
            blocks.forEach(block -> part(block, parts));
        }
    }

    private static void part(ContentBlock block, ArrayNode parts) {
        if (block instanceof ContentBlock.Image image) {
            parts.addObject().put("type", "image_url").putObject("image_url").put("url", image.reference());
        } else if (block instanceof ContentBlock.Text text) {
            parts.addObject().put("type", "text").put("text", text.text());
        } else if (block instanceof ContentBlock.Refusal refusal) {
            parts.addObject().put("type", "refusal").put("refusal", refusal.text());
        }
    }
}
