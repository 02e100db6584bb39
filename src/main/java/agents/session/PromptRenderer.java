package agents.session;

import inference.CacheMark;
import inference.ChatTemplate;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.PromptText;
import inference.ReasoningEffort;
import inference.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import kv.BlockHasher;
import kv.HashSalt;
import kv.PromptBlocks;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/**
 * Turns requests into blocks: starts from the longest beginning that the cache knows and tokenises only the rest. Linear in
 * the prompt's text for its template and fingerprints, in the unknown part for tokens and hashes.
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
        return render(request, chain(request));
    }

    /** A request's {@link PromptFingerprint#chain}, with its effort where that shows in the prompt. */
    public List<PromptFingerprint> chain(InferenceRequest request) {
        ReasoningEffort effort = request.effort();
        boolean shown = effort != null && templates.apply(request.model()).shows(effort);
        return PromptFingerprint.chain(request.tools(), request.messages(), shown ? effort : null);
    }

    /** Renders a request with its {@link #chain}. */
    public RenderedPrompt render(InferenceRequest request, List<PromptFingerprint> fingerprints) {
        PromptText text = templates.apply(request.model()).write(request, fingerprints);
        return render(request, fingerprints, text, known(request, text), false);
    }

    /** Renders a request whose text is written, and whose tokens its engine told. */
    public RenderedPrompt renderTold(
            InferenceRequest request, List<PromptFingerprint> fingerprints, PromptText text, KnownBeginning known) {
        return render(request, fingerprints, text, known, true);
    }

    private RenderedPrompt render(
            InferenceRequest request,
            List<PromptFingerprint> fingerprints,
            PromptText text,
            KnownBeginning known,
            boolean told) {
        Rendering rendering = new Rendering(request, fingerprints, text, known);
        rendering.finish();
        return rendering.prompt(told);
    }

    /** The longest beginning of a written prompt that the cache knows. */
    public KnownBeginning known(InferenceRequest request, PromptText text) {
        HashSalt salt = salt(request);
        for (int pieces = text.messages(request.messages().size()).pieces(); pieces > 0; pieces--) {
            PromptCache.Entry entry = cache.get(key(salt, request, text, pieces));
            if (entry != null) {
                return new KnownBeginning(pieces, entry);
            }
        }
        return KnownBeginning.NOTHING;
    }

    private static HashSalt salt(InferenceRequest request) {
        return HashSalt.of(request.session().tenant().cacheSalt());
    }

    private static PromptCache.Key key(HashSalt salt, InferenceRequest request, PromptText text, int pieces) {
        return new PromptCache.Key(salt, request.model(), text.fingerprint(pieces));
    }

    /** One prompt on its way. */
    private final class Rendering {
        private final InferenceRequest request;
        private final List<PromptFingerprint> fingerprints;
        private final HashSalt salt;
        private final BlockHasher hasher;
        private final PromptText text;
        private final int systemMessages;
        private final PromptText.Part system;
        private final PromptText.Part tip;
        private TokenChain chain;
        /** Pieces covered by {@link #chain}, and the tokens up to the end of each. */
        private int covered;

        private final int[] ends;
        private final int knownTokens;

        Rendering(
                InferenceRequest request, List<PromptFingerprint> fingerprints, PromptText text, KnownBeginning known) {
            this.request = request;
            this.fingerprints = fingerprints;
            this.salt = salt(request);
            this.hasher = new BlockHasher(blockSizeTokens, salt);
            this.text = text;
            this.systemMessages = leadingSystemMessages(request.messages());
            this.system = text.messages(systemMessages);
            this.tip = text.messages(request.messages().size());
            this.chain = known.chain(blockSizeTokens);
            this.covered = known.pieces();
            this.ends = known.ends(text.pieces());
            this.knownTokens = chain.tokens();
        }

        void finish() {
            while (covered < text.pieces()) {
                chain = chain.then(text.tokens(covered), hasher);
                ends[covered++] = chain.tokens();
                if (covered == system.pieces() || covered == tip.pieces()) {
                    cache.put(
                            key(salt, request, text, covered),
                            new PromptCache.Entry(chain, Arrays.copyOf(ends, covered)));
                }
            }
        }

        RenderedPrompt prompt(boolean told) {
            int reasoning = OpenReasoning.firstOf(request.messages());
            PromptOutline outline = new PromptOutline(
                    request.model(),
                    blockSizeTokens,
                    fingerprints,
                    checkpoint(systemMessages, system),
                    checkpoint(request.messages().size(), tip),
                    reasoning < 0 ? null : openReasoning(reasoning));
            return new RenderedPrompt(
                    outline, chain.blocks(), marks(), chain.tokens(), chain.tokens() - knownTokens, told);
        }

        /** The marked prefixes of at least one full block, in the order of the marks. */
        private List<KeptPoint> marks() {
            List<KeptPoint> points = new ArrayList<>();
            for (CacheMark mark : request.cacheMarks()) {
                int blocks = tokens(text.upTo(mark)) / blockSizeTokens;
                SequenceHash tail = tail(chain.blocks(), blocks);
                if (tail != null) {
                    points.add(new KeptPoint(blocks, tail, mark.ttl().toMillis(), null));
                }
            }
            return points;
        }

        private OpenReasoning openReasoning(int first) {
            return new OpenReasoning(
                    checkpoint(first, text.messages(first)), OpenReasoning.without(fingerprints, request.messages()));
        }

        private Checkpoint checkpoint(int messages, PromptText.Part part) {
            int tokens = tokens(part);
            int blocks = tokens / blockSizeTokens;
            return new Checkpoint(messages, fingerprints.get(messages), tokens, blocks, tail(chain.blocks(), blocks));
        }

        private int tokens(PromptText.Part part) {
            return (part.pieces() == 0 ? 0 : ends[part.pieces() - 1]) + part.tokens();
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
