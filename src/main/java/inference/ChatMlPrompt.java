package inference;

import java.util.Arrays;
import java.util.List;

/** A prompt in ChatML: a piece of its tool definitions, one of each message, and the reply's opening. */
final class ChatMlPrompt implements PromptText {
    private final ChatMlTemplate template;
    private final List<ToolDefinition> tools;
    private final List<Message> messages;
    private final List<PromptFingerprint> chain;

    ChatMlPrompt(
            ChatMlTemplate template,
            List<ToolDefinition> tools,
            List<Message> messages,
            List<PromptFingerprint> chain) {
        this.template = template;
        this.tools = tools;
        this.messages = messages;
        this.chain = chain;
    }

    @Override
    public int pieces() {
        return messages.size() + 2;
    }

    @Override
    public PromptFingerprint fingerprint(int count) {
        return chain.get(count - 1);
    }

    @Override
    public int[] tokens(int piece) {
        if (piece == 0) {
            return template.tools(tools);
        }
        return piece <= messages.size() ? template.message(messages.get(piece - 1)) : template.replyOpening();
    }

    @Override
    public Part messages(int count) {
        return new Part(count + 1, 0);
    }

    @Override
    public Part upTo(CacheMark mark) {
        if (mark.message() < 0) {
            int[] before = template.tools(tools.subList(0, mark.block() + 1));
            return mark.block() == tools.size() - 1 ? new Part(1, 0) : new Part(0, common(before, tokens(0)));
        }
        Message marked = messages.get(mark.message());
        if (mark.block() == marked.content().size() - 1) {
            return messages(mark.message() + 1);
        }
        int[] before =
                template.message(new Message(marked.role(), marked.content().subList(0, mark.block() + 1)));
        return new Part(mark.message() + 1, common(before, tokens(mark.message() + 1)));
    }

    private static int common(int[] part, int[] whole) {
        int mismatch = Arrays.mismatch(part, whole);
        return mismatch < 0 ? whole.length : mismatch;
    }
}
