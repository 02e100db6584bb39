package router.strategy;

/**
 * Seeded random numbers of one purpose: a fresh row of them per decision, the same row until the decision is taken.
 *
 * <p>Numbers are a mix of (seed, purpose, decision, position), so a look ahead costs nothing and purposes never share a
 * sequence. The mixer is SplitMix64's finaliser (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
 * OOPSLA 2014).
 *
 * <p>Thread-safety: confined to its strategy.
 */
final class Draws {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
    private static final double UNIT = 0x1.0p-53;

    private final long base;
    private long decision;

    Draws(long seed, String purpose) {
        this.base = mix(seed ^ mix(purpose.hashCode()));
    }

    /** The current decision's number at a position, uniform in [0, 1). */
    double at(int position) {
        return unit(mix(base + GOLDEN_GAMMA * decision) + GOLDEN_GAMMA * (position + 1L));
    }

    /** The number of a named row at a position, uniform in [0, 1); {@link #next} does not touch it. */
    double at(long row, int position) {
        return unit(mix(base ^ mix(row)) + GOLDEN_GAMMA * (position + 1L));
    }

    /** Moves on to the next decision. */
    void next() {
        decision++;
    }

    /** Uniform number in [0, 1) that belongs to a value. */
    static double unit(long value) {
        return (mix(value) >>> 11) * UNIT;
    }

    static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
