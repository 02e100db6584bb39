package router.strategy;

import inference.TurnId;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * A turn as strategies see it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param nowNanos when it is being placed, of the router's monotonic clock
 * @param affinity equal for all turns of one session
 * @param expectedOutputTokens the harness's hint, or a default
 * @param lastWorker where the session's previous turn ran, null at first
 */
public record TurnView(
        TurnId turn,
        long nowNanos,
        long affinity,
        int inputTokens,
        int expectedOutputTokens,
        int blockSizeTokens,
        @Nullable WorkerId lastWorker) {

    /** Blocks of the prompt, a partly filled last one included. */
    public int promptBlocks() {
        return (inputTokens + blockSizeTokens - 1) / blockSizeTokens;
    }

    /** Blocks of the expected answer. */
    public int outputBlocks() {
        return (expectedOutputTokens + blockSizeTokens - 1) / blockSizeTokens;
    }
}
