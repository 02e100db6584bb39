package agents.session;

import inference.CacheMark;
import inference.ChatTemplate;
import inference.InferenceRequest;
import inference.Message;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import kv.PromptBlocks;
import kv.SequenceHash;

/**
 * Where the cache marks of a request cut its prompt. A mark enters no token: a message cut at a content block is rendered alone,
 * and what it has in common with the whole message counts.
 *
 * <p>A mark costs the tokenising of what lies between it and the nearer end of the prompt. Stateless.
 */
final class MarkedPrefixes {
    private MarkedPrefixes() {}

    /**
     * The marked prefixes of at least one full block, in the order of the marks.
     *
     * @param blocks of the conversation
     * @param tokens of the conversation
     */
    static List<KeptPoint> of(InferenceRequest request, ChatTemplate template, PromptBlocks blocks, int tokens) {
        List<KeptPoint> points = new ArrayList<>();
        for (CacheMark mark : request.cacheMarks()) {
            int full = prefixTokens(request, template, mark, tokens) / blocks.blockSizeTokens();
            if (full > 0) {
                points.add(new KeptPoint(
                        full,
                        new SequenceHash(blocks.hashAt(full - 1)),
                        mark.ttl().toMillis(),
                        null));
            }
        }
        return points;
    }

    private static int prefixTokens(InferenceRequest request, ChatTemplate template, CacheMark mark, int tokens) {
        if (mark.message() < 0) {
            return common(
                    template.tools(request.tools().subList(0, mark.block() + 1)), template.tools(request.tools()));
        }
        List<Message> messages = request.messages();
        Message marked = messages.get(mark.message());
        int[] whole = template.message(marked);
        boolean last = mark.block() == marked.content().size() - 1;
        int own = last
                ? whole.length
                : common(
                        template.message(
                                new Message(marked.role(), marked.content().subList(0, mark.block() + 1))),
                        whole);
        boolean nearStart = mark.message() < messages.size() / 2;
        if (nearStart) {
            return template.tools(request.tools()).length + length(template, messages.subList(0, mark.message())) + own;
        }
        return tokens - length(template, messages.subList(mark.message() + 1, messages.size())) - whole.length + own;
    }

    private static int length(ChatTemplate template, List<Message> messages) {
        return messages.stream()
                .mapToInt(message -> template.message(message).length)
                .sum();
    }

    private static int common(int[] part, int[] whole) {
        int mismatch = Arrays.mismatch(part, whole);
        return mismatch < 0 ? whole.length : mismatch;
    }
}
