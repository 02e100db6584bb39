package inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SamplingTest {
    @Test
    void anAnswerIsDrawnAgainWithoutChanceOrByTheSeedOfAGenerator() {
        assertEquals(Optional.empty(), Draw.of(Sampling.DEFAULT, "a"));
        assertEquals(Optional.empty(), Draw.of(drawn(0.1, 2), "a"));
        assertEquals(Optional.of(Draw.LIKELIEST), Draw.of(drawn(0.0, null), "a"));
        assertEquals(Draw.of(drawn(0.0, null).seeded(1L), "a"), Draw.of(drawn(null, 1), "b"));
        assertEquals(Optional.of(new Draw("a", 0)), Draw.of(drawn(1.0, null).seeded(0L), "a"));
    }

    @Test
    void theRestOfAnAnswerHasAsManyTokensLess() {
        Sampling rest = bounded(10, 5).after(4);
        assertEquals(6, rest.maxTokens());
        assertEquals(1, rest.minTokens());
        assertNull(bounded(10, 5).after(5).minTokens());
        assertEquals(1, bounded(10, null).after(12).maxTokens(), "what was said may be cut into more tokens");
        assertEquals(Sampling.DEFAULT, Sampling.DEFAULT.after(7));
    }

    private static Sampling drawn(@Nullable Double temperature, @Nullable Integer topK) {
        return new Sampling(
                null, null, temperature, null, topK, null, null, null, List.of(), null, null, Sampling.UNBIASED);
    }

    private static Sampling bounded(@Nullable Integer maxTokens, @Nullable Integer minTokens) {
        return new Sampling(
                maxTokens, minTokens, null, null, null, null, null, null, List.of(), null, null, Sampling.UNBIASED);
    }
}
