package agents.session;

import com.fasterxml.jackson.annotation.JsonInclude;
import inference.ContentBlock;
import inference.Message;
import inference.PromptFingerprint;
import inference.Role;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reasoning that a prompt replays since its last user message: its tool loop is open, so that it is needed now and, where the
 * harness or the chat template drops it once the loop closes, never again.
 *
 * <p>Thread-safety: immutable.
 *
 * @param before end of the last message before it
 * @param without fingerprint of the whole prompt without any reasoning, by which its successor is known that dropped it; null
 *     when a message is nothing but reasoning
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record OpenReasoning(Checkpoint before, @Nullable PromptFingerprint without) {

    /** First message after the last of the user that replays reasoning, -1 when none does. */
    static int firstOf(List<Message> messages) {
        int first = -1;
        for (int i = messages.size() - 1; i >= 0 && messages.get(i).role() != Role.USER; i--) {
            if (reasons(messages.get(i))) {
                first = i;
            }
        }
        return first;
    }

    /**
     * Fingerprint of a prompt as it is without reasoning. Linear in the text from the first message that has some.
     *
     * @param chain the prompt's {@link PromptFingerprint#chain}
     * @return null when a message is nothing but reasoning
     */
    static @Nullable PromptFingerprint without(List<PromptFingerprint> chain, List<Message> messages) {
        int next = 0;
        while (next < messages.size() && !reasons(messages.get(next))) {
            next++;
        }
        PromptFingerprint bare = chain.get(next);
        for (Message message : messages.subList(next, messages.size())) {
            List<ContentBlock> rest = message.content().stream()
                    .filter(block -> !(block instanceof ContentBlock.Thinking))
                    .toList();
            if (rest.isEmpty()) {
                return null;
            }
            bare = bare.followedBy(new Message(message.role(), rest));
        }
        return bare;
    }

    private static boolean reasons(Message message) {
        return message.content().stream().anyMatch(ContentBlock.Thinking.class::isInstance);
    }
}
