package inference;

import java.util.ArrayList;
import java.util.List;

/** The message that can follow a conversation: results of the tools that its last message calls, else the user's words. Stateless. */
public final class NextMessage {
    private NextMessage() {}

    /**
     * Makes one.
     *
     * @param text what it says
     */
    public static Message after(List<Message> conversation, String text) {
        List<ContentBlock> content = List.of(new ContentBlock.Text(text));
        List<ContentBlock> results = new ArrayList<>();
        if (!conversation.isEmpty()) {
            for (ContentBlock block : conversation.get(conversation.size() - 1).content()) {
                if (block instanceof ContentBlock.ToolUse call) {
                    results.add(new ContentBlock.ToolResult(call.id(), content, false));
                }
            }
        }
        return results.isEmpty() ? new Message(Role.USER, content) : new Message(Role.TOOL, results);
    }
}
