package replay;

import workers.status.TimingModel;

/**
 * The fleet and the load of an offline replay. Ranges are checked where options are read, for refusals that name them; no time is
 * negative.
 *
 * <p>Thread-safety: immutable.
 *
 * @param workers simulated engines, at least 1
 * @param blockSizeTokens tokens in a KV block; divides the trace's own
 * @param blocksPerWorker KV blocks of each engine, at least 1
 * @param hostBlocksPerWorker KV blocks in each engine's host memory, 0 for none
 * @param diskBlocksPerWorker KV blocks on each engine's disk, 0 for none
 * @param remoteBlocks KV blocks in one store that all engines share, 0 for none
 * @param pulls whether engines take over from each other what they lack of a prompt
 * @param maxSequences requests that an engine runs at once, at least 1
 * @param maxBatchedTokens token budget of an engine's pass, at least {@code maxSequences}
 * @param sessions sessions that run at once, at least 1; without meaning for a trace with arrivals
 * @param gapCapSeconds longest pause inside a session; longer recorded ones are cut to it
 * @param eventDelayMillis from a change of an engine's blocks until the router's index shows it
 * @param loadIntervalMillis how late and how often at most an engine's load reaches the router
 * @param controlDelayMillis how long a message between a session, the keeper of leases and a worker takes
 * @param expectedOutputTokens what the router is told of every answer's length, at least 1
 * @param timing name of a {@link TimingModel}: what the engines' passes cost
 */
public record ReplaySettings(
        int workers,
        int blockSizeTokens,
        int blocksPerWorker,
        int hostBlocksPerWorker,
        int diskBlocksPerWorker,
        int remoteBlocks,
        boolean pulls,
        int maxSequences,
        int maxBatchedTokens,
        int sessions,
        double gapCapSeconds,
        double eventDelayMillis,
        double loadIntervalMillis,
        double controlDelayMillis,
        int expectedOutputTokens,
        String timing,
        long seed) {
    public ReplaySettings {
        if (Math.min(Math.min(workers, blockSizeTokens), Math.min(blocksPerWorker, sessions)) < 1) {
            throw new IllegalArgumentException("a replay without workers, blocks or sessions: " + workers + ", "
                    + blocksPerWorker + " of " + blockSizeTokens + " tokens, " + sessions);
        }
    }

    /** What all engines together can keep, in whatever tier. */
    long blocksOfAllTiers() {
        return workers * ((long) blocksPerWorker + hostBlocksPerWorker + diskBlocksPerWorker) + remoteBlocks;
    }

    TimingModel timingModel() {
        return TimingModel.named(timing);
    }
}
