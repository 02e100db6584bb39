package workers.simserver;

import inference.ByteTokenizer;
import inference.ChatMlTemplate;
import inference.Message;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import kv.BlockHasher;
import kv.HashSalt;
import org.jspecify.annotations.Nullable;
import workers.sim.SimRequest;

/**
 * Turns a chat request into a request of the core: prompt and answer as tokens, their blocks under the engine's own hashes.
 *
 * <p>The hashes are keyed by the engine's seed, so that nobody can learn to rely on recomputing them.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class ChatIntake {
    private final SimServerSettings settings;
    private final ChatMlTemplate template = new ChatMlTemplate(new ByteTokenizer());
    private final AtomicLong accepted = new AtomicLong();

    ChatIntake(SimServerSettings settings) {
        this.settings = settings;
    }

    /**
     * A request that fits.
     *
     * @param cursor stands behind what of the answer was said elsewhere
     */
    record Accepted(LiveRequest request, AnswerCursor cursor) {}

    /**
     * Accepts a request.
     *
     * @param actions what to answer; the first is no fault
     * @param callIds makes the id of a tool call from its position
     * @throws RequestFailure when it does not fit into the context, or begins another answer than this engine's
     */
    Accepted accept(ChatBody body, List<Action> actions, IntFunction<String> callIds) {
        int[] prompt = prompt(body.conversation());
        int maxTokens = maxTokens(body, prompt.length);
        AnswerLimits limits = new AnswerLimits(maxTokens, body.minTokens(), body.ignoreEnd(), body.stop());
        Answer answer = AnswerBuilder.build(template, actions, limits);
        int[] tokens = Arrays.copyOf(prompt, prompt.length + answer.tokens().length);
        System.arraycopy(answer.tokens(), 0, tokens, prompt.length, answer.tokens().length);
        AnswerCursor cursor = new AnswerCursor(answer, callIds, body.topLogprobs());
        int begun = body.begun() == null ? 0 : body.begun().skip(answer, cursor);
        SimRequest request = new SimRequest(
                "r" + accepted.incrementAndGet(),
                hasher(settings, body.cacheSalt()).hash(tokens).toArray(),
                prompt.length + begun,
                answer.tokens().length - begun,
                body.priority());
        return new Accepted(new LiveRequest(request, tokens, answer, begun, body.cacheSalt()), cursor);
    }

    private int maxTokens(ChatBody body, int promptTokens) {
        int context = settings.engine().contextTokens();
        if (promptTokens >= context) {
            throw RequestFailure.invalid(
                    "messages",
                    "This model's maximum context length is %d tokens, but the messages have %d"
                            .formatted(context, promptTokens));
        }
        int room = context - promptTokens;
        Integer maxTokens = body.maxTokens();
        if (maxTokens != null && maxTokens > room) {
            throw RequestFailure.invalid(
                    "max_tokens",
                    "This model's maximum context length is %d tokens, but the messages have %d and max_tokens is %d"
                            .formatted(context, promptTokens, maxTokens));
        }
        return maxTokens == null ? room : maxTokens;
    }

    private int[] prompt(Conversation conversation) {
        List<Message> messages = conversation.messages();
        int[][] parts = new int[messages.size() + 2][];
        parts[0] = template.tools(conversation.tools());
        for (int i = 0; i < messages.size(); i++) {
            parts[i + 1] = template.message(messages.get(i));
        }
        parts[parts.length - 1] = template.replyOpening();
        int length = 0;
        for (int[] part : parts) {
            length += part.length;
        }
        int[] prompt = new int[length];
        int at = 0;
        for (int[] part : parts) {
            System.arraycopy(part, 0, prompt, at, part.length);
            at += part.length;
        }
        return prompt;
    }

    /** The engine's own hashes of prompts under a salt. */
    static BlockHasher hasher(SimServerSettings settings, @Nullable String cacheSalt) {
        long saltSeed = HashSalt.of(cacheSalt == null ? "" : cacheSalt).seed();
        return new BlockHasher(settings.blockSizeTokens(), new HashSalt(settings.seed() ^ saltSeed));
    }
}
