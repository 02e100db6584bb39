package inference;

import java.time.Duration;
import java.util.List;

/**
 * How long a prompt is, and how much of it its request marks to be kept.
 *
 * <p>Thread-safety: immutable.
 *
 * @param tokens of the whole prompt
 * @param marked its marked beginnings, in the order of the marks
 */
public record PromptLength(int tokens, List<Marked> marked) {
    public PromptLength {
        marked = List.copyOf(marked);
    }

    /**
     * A beginning that is to be kept.
     *
     * @param tokens of the blocks that it fills, which is what a cache can keep of it
     * @param ttl how long to keep it without a read
     */
    public record Marked(int tokens, Duration ttl) {}
}
