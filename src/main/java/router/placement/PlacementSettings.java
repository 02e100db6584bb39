package router.placement;

import java.time.Duration;
import router.queue.BusyThreshold;
import router.queue.QueueSettings;
import router.strategy.StrategySettings;
import workers.status.TimingModel;
import workers.status.TransferModel;

/**
 * What placement is configured with.
 *
 * <p>Thread-safety: immutable.
 *
 * @param strategy name of the strategy in use
 * @param seed of every random choice
 * @param timing predicts what engines cost
 * @param transfers predicts how long KV takes to move, at the speed of {@link TimingModel#MEASURED}
 * @param fanoutMaxWait longest time that a turn waits for another to compute the beginning of its prompt
 * @param pauses which sessions may go on
 * @param rateWindowSeconds time constant of the rate at which workers fill blocks, and of the share of their time that they prefill
 */
public record PlacementSettings(
        String strategy,
        long seed,
        StrategySettings strategies,
        QueueSettings queue,
        BusyThreshold busy,
        TimingModel timing,
        TransferModel transfers,
        Duration fanoutMaxWait,
        PauseSettings pauses,
        double rateWindowSeconds) {
    public PlacementSettings {
        if (fanoutMaxWait.isNegative()) {
            throw new IllegalArgumentException("the longest wait for a sibling is negative: " + fanoutMaxWait);
        }
        if (!(rateWindowSeconds > 0)) {
            throw new IllegalArgumentException("the rate window is not above 0 seconds: " + rateWindowSeconds);
        }
    }

    /** Predicts how long KV takes to move, at the speed of {@link #timing}. */
    TransferModel links() {
        return transfers.faster(timing.speedup());
    }

    /** The same with other policies, seed and prediction. */
    public PlacementSettings with(String otherStrategy, String otherPauses, long otherSeed, TimingModel otherTiming) {
        return new PlacementSettings(
                otherStrategy,
                otherSeed,
                strategies,
                queue,
                busy,
                otherTiming,
                transfers,
                fanoutMaxWait,
                pauses.with(otherPauses),
                rateWindowSeconds);
    }

    /** The same with a pending queue that refuses nobody, for loads that never give up. */
    public PlacementSettings patient() {
        return new PlacementSettings(
                strategy,
                seed,
                strategies,
                queue.unlimited(),
                busy,
                timing,
                transfers,
                fanoutMaxWait,
                pauses,
                rateWindowSeconds);
    }
}
