package workers.status;

import java.util.List;

/**
 * What an engine said of itself when it was probed.
 *
 * <p>Thread-safety: immutable.
 *
 * @param models served model names, the first is the default
 * @param blockSizeTokens tokens in a KV block
 * @param deviceBlocks capacity of the {@code DEVICE} tier in blocks
 * @param maxBatchedTokens token budget of one scheduler pass
 * @param maxSequences requests that may run at once; as a worker tells its facts, turns that it admits at once
 * @param contextTokens longest prompt plus answer
 * @param capabilities what it can be told to do with its cache
 * @param extras what it can do for an answer
 */
public record EngineFacts(
        List<String> models,
        int blockSizeTokens,
        int deviceBlocks,
        int maxBatchedTokens,
        int maxSequences,
        int contextTokens,
        EngineCapabilities capabilities,
        AnswerExtras extras) {
    public EngineFacts {
        models = List.copyOf(models);
    }

    /** An engine that gives plain answers. */
    public EngineFacts(
            List<String> models,
            int blockSizeTokens,
            int deviceBlocks,
            int maxBatchedTokens,
            int maxSequences,
            int contextTokens,
            EngineCapabilities capabilities) {
        this(
                models,
                blockSizeTokens,
                deviceBlocks,
                maxBatchedTokens,
                maxSequences,
                contextTokens,
                capabilities,
                AnswerExtras.NONE);
    }

    /** Most tokens of a prompt that leave context and memory for at least one token of the answer. */
    public int longestPrompt() {
        return (int) Math.min(contextTokens, (long) deviceBlocks * blockSizeTokens) - 1;
    }

    /** The same with another number of turns at once: a multiple of the requests, rounded, and at least one. */
    public EngineFacts withTurnsPerSlot(double turnsPerSlot) {
        int turns = (int) Math.max(1, Math.min(Integer.MAX_VALUE, Math.round(turnsPerSlot * maxSequences)));
        return new EngineFacts(
                models, blockSizeTokens, deviceBlocks, maxBatchedTokens, turns, contextTokens, capabilities, extras);
    }
}
