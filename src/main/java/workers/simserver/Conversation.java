package workers.simserver;

import inference.ContentBlock;
import inference.Message;
import inference.Role;
import inference.ToolChoice;
import inference.ToolDefinition;
import java.util.List;
import java.util.Optional;

/**
 * What a reply is an answer to.
 *
 * <p>Thread-safety: immutable.
 *
 * @param messages with adjacent messages of one role joined
 * @param reasoning whether the reply may think aloud
 */
record Conversation(
        List<Message> messages,
        List<ToolDefinition> tools,
        ToolChoice toolChoice,
        boolean parallelToolCalls,
        boolean reasoning) {
    Conversation {
        messages = List.copyOf(messages);
        tools = List.copyOf(tools);
    }

    /** Position of the newest message of a role, -1 without one. */
    int newest(Role role) {
        int at = messages.size() - 1;
        while (at >= 0 && messages.get(at).role() != role) {
            at--;
        }
        return at;
    }

    /** The last text of the newest user message; harnesses put reminders and context before it. */
    String userText() {
        int at = newest(Role.USER);
        return at < 0 ? "" : lastText(messages.get(at).content());
    }

    /** Text of the newest tool result. */
    String toolText() {
        int at = newest(Role.TOOL);
        if (at < 0) {
            return "";
        }
        List<ContentBlock> results = messages.get(at).content();
        return results.get(results.size() - 1) instanceof ContentBlock.ToolResult result
                ? allText(result.content())
                : lastText(results);
    }

    Optional<ToolDefinition> tool(String name) {
        return tools.stream().filter(tool -> tool.name().equals(name)).findFirst();
    }

    /** All text of a message's content, parts on lines of their own. */
    static String allText(List<ContentBlock> content) {
        StringBuilder all = new StringBuilder();
        for (ContentBlock block : content) {
            if (block instanceof ContentBlock.Text text) {
                all.append(all.length() == 0 ? "" : "\n").append(text.text());
            }
        }
        return all.toString();
    }

    private static String lastText(List<ContentBlock> content) {
        for (int i = content.size() - 1; i >= 0; i--) {
            if (content.get(i) instanceof ContentBlock.Text text) {
                return text.text();
            }
        }
        return "";
    }
}
