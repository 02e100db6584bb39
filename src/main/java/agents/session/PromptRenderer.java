package agents.session;

import inference.ChatTemplate;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.Role;
import java.util.List;
import java.util.function.Function;
import kv.BlockHasher;
import kv.HashSalt;
import kv.PromptBlocks;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/**
 * Turns requests into blocks: starts from the longest beginning that the cache knows and tokenises only the rest. Linear in
 * the prompt's text for its fingerprints, in the unknown part for everything else.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class PromptRenderer {
    private final int blockSizeTokens;
    private final Function<String, ChatTemplate> templates;
    private final PromptCache cache;

    /** @param templates of each served model */
    public PromptRenderer(int blockSizeTokens, Function<String, ChatTemplate> templates, PromptCache cache) {
        this.blockSizeTokens = blockSizeTokens;
        this.templates = templates;
        this.cache = cache;
    }

    public int blockSizeTokens() {
        return blockSizeTokens;
    }

    /** Renders a request whose fingerprints are not known yet. */
    public RenderedPrompt render(InferenceRequest request) {
        return render(request, PromptFingerprint.chain(request.tools(), request.messages()));
    }

    /** Renders a request with its {@link PromptFingerprint#chain}. */
    public RenderedPrompt render(InferenceRequest request, List<PromptFingerprint> fingerprints) {
        HashSalt salt = HashSalt.of(request.session().tenant().cacheSalt());
        Rendering rendering = new Rendering(request, fingerprints, salt);
        rendering.resume();
        rendering.finish();
        return rendering.prompt();
    }

    /** One prompt on its way. */
    private final class Rendering {
        private final InferenceRequest request;
        private final List<PromptFingerprint> fingerprints;
        private final HashSalt salt;
        private final BlockHasher hasher;
        private final ChatTemplate template;
        private final int systemMessages;
        /** Messages covered by {@link #chain}; -1 before the tool definitions. */
        private int covered = -1;

        private TokenChain chain = TokenChain.empty(blockSizeTokens);
        private int systemTokens;
        private final int reasoning;
        private int loopTokens;
        private int knownTokens;

        Rendering(InferenceRequest request, List<PromptFingerprint> fingerprints, HashSalt salt) {
            this.request = request;
            this.fingerprints = fingerprints;
            this.salt = salt;
            this.hasher = new BlockHasher(blockSizeTokens, salt);
            this.template = templates.apply(request.model());
            this.systemMessages = leadingSystemMessages(request.messages());
            this.reasoning = OpenReasoning.firstOf(request.messages());
        }

        void resume() {
            for (int messages = fingerprints.size() - 1; messages >= 0; messages--) {
                PromptCache.Entry known = cache.get(key(messages));
                if (known != null) {
                    covered = messages;
                    chain = known.chain();
                    systemTokens = known.systemTokens();
                    loopTokens = known.loopTokens();
                    knownTokens = chain.tokens();
                    return;
                }
            }
        }

        void finish() {
            while (covered < request.messages().size()) {
                covered++;
                int[] added = covered == 0
                        ? template.tools(request.tools())
                        : template.message(request.messages().get(covered - 1));
                chain = chain.then(added, hasher);
                if (covered <= systemMessages) {
                    systemTokens = chain.tokens();
                }
                if (reasoning < 0 || covered <= reasoning) {
                    loopTokens = chain.tokens();
                }
                if (covered == systemMessages || covered == request.messages().size()) {
                    cache.put(key(covered), new PromptCache.Entry(chain, systemTokens, loopTokens));
                }
            }
        }

        RenderedPrompt prompt() {
            TokenChain whole = chain.then(template.replyOpening(), hasher);
            PromptOutline outline = new PromptOutline(
                    request.model(),
                    blockSizeTokens,
                    fingerprints,
                    checkpoint(systemMessages, systemTokens),
                    checkpoint(covered, chain.tokens()),
                    reasoning < 0 ? null : openReasoning());
            List<KeptPoint> marks = MarkedPrefixes.of(request, template, chain.blocks(), chain.tokens());
            return new RenderedPrompt(outline, whole.blocks(), marks, whole.tokens(), whole.tokens() - knownTokens);
        }

        private OpenReasoning openReasoning() {
            return new OpenReasoning(
                    checkpoint(reasoning, loopTokens), OpenReasoning.without(fingerprints, request.messages()));
        }

        private Checkpoint checkpoint(int messages, int tokens) {
            int blocks = tokens / blockSizeTokens;
            return new Checkpoint(messages, fingerprints.get(messages), tokens, blocks, tail(chain.blocks(), blocks));
        }

        private PromptCache.Key key(int messages) {
            return new PromptCache.Key(salt, request.model(), fingerprints.get(messages));
        }
    }

    private static @Nullable SequenceHash tail(PromptBlocks blocks, int size) {
        return size == 0 ? null : new SequenceHash(blocks.hashAt(size - 1));
    }

    private static int leadingSystemMessages(List<Message> messages) {
        int count = 0;
        while (count < messages.size() && messages.get(count).role() == Role.SYSTEM) {
            count++;
        }
        return count;
    }
}
