package agents.plan;

import java.time.Duration;

/** What keeping a prefix is worth, by which holds yield to each other. Stateless. */
final class Density {
    private static final double MIB = 1 << 20;

    private Density() {}

    /**
     * What keeping saves per byte and time: {@code chance · prefill milliseconds / (MiB · expected seconds held)}.
     *
     * @param chance that it is read again meanwhile
     * @param held how long it is held on average
     */
    static double of(double chance, double prefillMillis, int tokens, long bytesPerToken, Duration held) {
        double seconds = Math.max(1e-3, held.toNanos() / 1e9);
        double mebibytes = tokens * (double) bytesPerToken / MIB;
        return chance * prefillMillis / (mebibytes * seconds);
    }
}
