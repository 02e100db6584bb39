package inference;

import java.util.Optional;

/**
 * How an answer is drawn so that it can be drawn again. Engines with equal draws of one request give the same answer, as far as their
 * arithmetic is the same.
 *
 * <p>Thread-safety: immutable.
 *
 * @param generator whose random numbers a seed stands for: kinds of engines have different ones
 */
public record Draw(String generator, long seed) {
    /** The likeliest token each time, which takes no random numbers. */
    public static final Draw LIKELIEST = new Draw("", 0);

    /**
     * The draw of an answer, empty when it is drawn by chance.
     *
     * @param generator of the engine
     */
    public static Optional<Draw> of(Sampling sampling, String generator) {
        return sampling.likeliest()
                ? Optional.of(LIKELIEST)
                : Optional.ofNullable(sampling.seed()).map(seed -> new Draw(generator, seed));
    }
}
