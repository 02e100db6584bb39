package inference;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How the answer is drawn. A null component leaves the choice to the engine.
 *
 * <p>Thread-safety: immutable.
 *
 * @param maxTokens upper bound of output tokens, at least 1
 * @param minTokens lower bound of output tokens, an extension that engines share; must not exceed {@code maxTokens}
 * @param temperature 0 to 2
 * @param topP 0 to 1
 * @param topK how many of the likeliest tokens are drawn from, at least 1; an extension that engines share
 * @param stop strings that end the answer and are not part of it
 * @param format what the text must be, null for any text
 * @param topLogprobs how many alternatives to tell with the log probability of each token of the text, 0 to 20; null for no log
 *     probabilities
 * @param logitBias what to add to the logits of tokens, -100 to 100, by the model's own token ids
 */
public record Sampling(
        @Nullable Integer maxTokens,
        @Nullable Integer minTokens,
        @Nullable Double temperature,
        @Nullable Double topP,
        @Nullable Integer topK,
        @Nullable Long seed,
        @Nullable Double presencePenalty,
        @Nullable Double frequencyPenalty,
        List<String> stop,
        @Nullable AnswerFormat format,
        @Nullable Integer topLogprobs,
        SortedMap<Integer, Double> logitBias) {
    /** No bias at all. */
    public static final SortedMap<Integer, Double> UNBIASED = Collections.emptySortedMap();

    /** Everything as the engine likes. */
    public static final Sampling DEFAULT =
            new Sampling(null, null, null, null, null, null, null, null, List.of(), null, null, UNBIASED);

    public Sampling {
        stop = List.copyOf(stop);
        logitBias = Collections.unmodifiableSortedMap(new TreeMap<>(logitBias));
    }

    /** Whether nothing is left to chance: each token is the likeliest. */
    public boolean likeliest() {
        return (temperature != null && temperature == 0) || (topK != null && topK == 1);
    }

    /** The same for what follows when so many tokens are out. */
    public Sampling after(int tokens) {
        return new Sampling(
                maxTokens == null ? null : Integer.valueOf(Math.max(1, maxTokens - tokens)),
                minTokens == null || minTokens <= tokens ? null : Integer.valueOf(minTokens - tokens),
                temperature,
                topP,
                topK,
                seed,
                presencePenalty,
                frequencyPenalty,
                stop,
                format,
                topLogprobs,
                logitBias);
    }

    /** The same with another seed. */
    public Sampling seeded(@Nullable Long other) {
        return new Sampling(
                maxTokens,
                minTokens,
                temperature,
                topP,
                topK,
                other,
                presencePenalty,
                frequencyPenalty,
                stop,
                format,
                topLogprobs,
                logitBias);
    }
}
