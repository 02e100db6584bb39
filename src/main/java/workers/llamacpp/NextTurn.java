package workers.llamacpp;

import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is certain of a conversation's next prompt: everything up to where the tool results, or the user's next words, will
 * stand. An engine's cache after a turn ends earlier, because the template writes the model's calls anew, in its own spacing.
 *
 * <p>Thread-safety: stateless.
 */
final class NextTurn {
    private NextTurn() {}

    /**
     * The next turn with a mark in place of what is not known yet.
     *
     * @param conversation its last message is the model's
     * @param mark text that stands nowhere in the conversation
     */
    static InferenceRequest marked(InferenceRequest conversation, String mark) {
        List<Message> messages = new ArrayList<>(conversation.messages());
        messages.add(answer(messages.get(messages.size() - 1), mark));
        return new InferenceRequest(
                conversation.turn(),
                conversation.model(),
                conversation.session(),
                conversation.tools(),
                conversation.toolChoice(),
                conversation.parallelToolCalls(),
                messages,
                conversation.sampling(),
                conversation.reasoning(),
                conversation.hints(),
                conversation.cacheMarks());
    }

    /** The certain part of the rendered text; empty when the template does not write what the mark stands for. */
    static Optional<String> certain(String rendered, String mark) {
        int at = rendered.indexOf(mark);
        return at < 0 ? Optional.empty() : Optional.of(rendered.substring(0, at));
    }

    private static Message answer(Message last, String mark) {
        List<ContentBlock> content = List.of(new ContentBlock.Text(mark));
        List<ContentBlock> results = new ArrayList<>();
        for (ContentBlock block : last.content()) {
            if (block instanceof ContentBlock.ToolUse call) {
                results.add(new ContentBlock.ToolResult(call.id(), content, false));
            }
        }
        return results.isEmpty() ? new Message(Role.USER, content) : new Message(Role.TOOL, results);
    }
}
