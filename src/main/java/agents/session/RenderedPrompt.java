package agents.session;

import inference.PromptLength;
import java.util.List;
import kv.Prefix;
import kv.PromptBlocks;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/**
 * A whole prompt as an engine will see it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param blocks full blocks of the prompt, reply opening included
 * @param marks prefixes that the request marks to be kept, see {@link inference.PromptText#upTo}
 * @param inputTokens tokens of the prompt, reply opening included
 * @param computedTokens how many of them had to be tokenised for this, the rest was known
 * @param told whether an engine of the model told its tokens
 */
public record RenderedPrompt(
        PromptOutline outline,
        PromptBlocks blocks,
        List<KeptPoint> marks,
        int inputTokens,
        int computedTokens,
        boolean told) {
    public RenderedPrompt {
        marks = List.copyOf(marks);
    }

    /** How long it is, and the part that is marked. */
    public PromptLength length() {
        return new PromptLength(
                inputTokens,
                marks.stream()
                        .map(mark -> new PromptLength.Marked(mark.blocks() * blocks.blockSizeTokens(), mark.ttl()))
                        .toList());
    }

    /** Full blocks of the messages, without the reply opening: what every prompt that continues the conversation begins with. */
    public PromptBlocks conversation() {
        return blocks.prefix(outline.tip().blocks());
    }

    /** The leading full blocks that so many tokens fill, null when they fill none. */
    public @Nullable Prefix cachedPart(int cachedTokens) {
        int cached = Math.min(blocks.size(), cachedTokens / blocks.blockSizeTokens());
        return cached == 0 ? null : new Prefix(cached, new SequenceHash(blocks.hashAt(cached - 1)));
    }
}
