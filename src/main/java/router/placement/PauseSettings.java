package router.placement;

import java.time.Duration;

/**
 * Which sessions may go on, and the parameters of {@link RoomForReturn}.
 *
 * <p>Thread-safety: immutable.
 *
 * @param policy name of the retention policy, see {@link PausePolicies}
 * @param memoryPrice what a second of a worker's whole memory is worth, in seconds of its computing; 0 or more
 * @param patience longest time that a turn waits for memory that is kept for sessions which are away
 * @param gapMedianSeconds how long a tool call takes, as believed before any was seen
 * @param gapLogSpread standard deviation of its natural logarithm
 */
public record PauseSettings(
        String policy, double memoryPrice, Duration patience, double gapMedianSeconds, double gapLogSpread) {
    public PauseSettings {
        if (!(memoryPrice >= 0)) {
            throw new IllegalArgumentException("the price of memory is negative: " + memoryPrice);
        }
    }

    /** The same under another policy. */
    PauseSettings with(String otherPolicy) {
        return new PauseSettings(otherPolicy, memoryPrice, patience, gapMedianSeconds, gapLogSpread);
    }
}
