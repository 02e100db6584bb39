package workers.simserver;

import workers.sim.SimSettings;
import workers.sim.SimTiers;
import workers.status.TimingModel;

/**
 * What one simulated engine process is. A port of 0 means any free one.
 *
 * <p>Thread-safety: immutable.
 *
 * @param host address to listen on; loopback unless the network is trusted, for there is no authentication
 * @param port of the HTTP server
 * @param eventsPort of the ZeroMQ publisher of KV events
 * @param replayPort of the ZeroMQ router that replays them
 * @param model served model name
 * @param blockSizeTokens tokens in a KV block
 * @param deviceBlocks capacity in blocks
 * @param maxSequences requests that may run at once
 * @param maxBatchedTokens token budget of a pass, at least {@code maxSequences}
 * @param contextTokens longest prompt plus answer; the blocks bound it, too
 * @param timing what a pass costs, see {@link TimingModel#named}
 * @param tiers memory beyond the device and the links to it, at the measured machine's speed
 * @param hints whether it takes hints about its cache; without, as most engines, it has a prefix cache and no say in it
 * @param seed of the engine's own hashes; a restarted engine should have another
 */
public record SimServerSettings(
        String host,
        int port,
        int eventsPort,
        int replayPort,
        String model,
        int blockSizeTokens,
        int deviceBlocks,
        int maxSequences,
        int maxBatchedTokens,
        int contextTokens,
        String timing,
        SimTiers tiers,
        boolean hints,
        long seed) {
    public SimServerSettings {
        requirePort("port", port);
        requirePort("eventsPort", eventsPort);
        requirePort("replayPort", replayPort);
        if (model.isBlank()) {
            throw new IllegalArgumentException("the model's name is empty");
        }
        TimingModel.named(timing);
        new SimSettings(blockSizeTokens, deviceBlocks, maxSequences, maxBatchedTokens, contextTokens);
    }

    /** Dimensions of the core; its context is what its blocks can hold, if that is less. */
    SimSettings engine() {
        int holdable = (int) Math.min(contextTokens, (long) deviceBlocks * blockSizeTokens);
        return new SimSettings(blockSizeTokens, deviceBlocks, maxSequences, maxBatchedTokens, holdable);
    }

    /** Memory whose links are as many times faster as the timing's passes are. */
    SimTiers scaledTiers() {
        return tiers.faster(timingModel().speedup());
    }

    TimingModel timingModel() {
        return TimingModel.named(timing);
    }

    private static void requirePort(String name, int value) {
        if (value < 0 || value > 65_535) {
            throw new IllegalArgumentException(name + " must be 0 to 65535, got " + value);
        }
    }
}
