package workers.openai;

import inference.InferenceRequest;
import inference.NextMessage;
import inference.Sampling;
import inference.ToolChoice;
import java.util.List;
import java.util.Optional;

/**
 * What is certain of a conversation's next prompt: everything up to where the tool results, or the user's next words, will
 * stand. An engine's cache after a turn ends earlier, because the template writes the model's calls anew, in its own spacing.
 *
 * <p>Thread-safety: stateless.
 */
public final class NextTurn {
    /** What stands for the unknown where nobody looks for it. */
    private static final String MARK = ".";

    private NextTurn() {}

    /**
     * The next turn with a mark in place of what is not known yet.
     *
     * @param conversation its last message is the model's; one that is only tools, as sessions without a system prompt share them, has
     *     none
     * @param mark text that stands nowhere in the conversation
     */
    public static InferenceRequest marked(InferenceRequest conversation, String mark) {
        return conversation.followedBy(NextMessage.after(conversation.messages(), mark));
    }

    /** The next turn as far as it is known, as a request that computes it and answers next to nothing. */
    static InferenceRequest forOneToken(InferenceRequest conversation) {
        InferenceRequest next = marked(conversation, MARK);
        return new InferenceRequest(
                next.turn(),
                next.model(),
                next.session(),
                next.tools(),
                ToolChoice.AUTO, // a forced call or a format could ask for more than one token
                next.parallelToolCalls(),
                next.messages(),
                new Sampling(1, null, null, null, null, null, null, null, List.of(), null, null, Sampling.UNBIASED),
                next.effort(),
                next.hints(),
                next.cacheMarks());
    }

    /** The certain part of the rendered text; empty when the template does not write what the mark stands for. */
    public static Optional<String> certain(String rendered, String mark) {
        int at = rendered.indexOf(mark);
        return at < 0 ? Optional.empty() : Optional.of(rendered.substring(0, at));
    }
}
