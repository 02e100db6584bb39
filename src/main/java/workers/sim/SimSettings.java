package workers.sim;

/**
 * Dimensions of a simulated engine.
 *
 * <p>Thread-safety: immutable.
 *
 * @param blockSizeTokens tokens in a KV block
 * @param deviceBlocks capacity of the device tier
 * @param maxSequences requests that may run at once
 * @param maxBatchedTokens token budget of one pass; at least {@code maxSequences}, so that every running request can
 *     decode in every pass
 * @param contextTokens longest prompt plus answer
 */
public record SimSettings(
        int blockSizeTokens, int deviceBlocks, int maxSequences, int maxBatchedTokens, int contextTokens) {
    public SimSettings {
        requirePositive("blockSizeTokens", blockSizeTokens);
        requirePositive("deviceBlocks", deviceBlocks);
        requirePositive("maxSequences", maxSequences);
        requirePositive("contextTokens", contextTokens);
        if (maxBatchedTokens < maxSequences) {
            throw new IllegalArgumentException(
                    "maxBatchedTokens %d is less than maxSequences %d".formatted(maxBatchedTokens, maxSequences));
        }
    }

    /** Tokens that fit into the device tier. */
    public long capacityTokens() {
        return (long) deviceBlocks * blockSizeTokens;
    }

    /** Blocks that hold a number of tokens. */
    int blocksFor(int tokens) {
        return (int) (((long) tokens + blockSizeTokens - 1) / blockSizeTokens);
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, got " + value);
        }
    }
}
