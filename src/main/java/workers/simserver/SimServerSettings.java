package workers.simserver;

import workers.sim.SimSettings;
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
 * @param timing what a pass costs: {@code measured}, {@code fast} ({@value #FAST} times as fast), or a factor of the
 *     measured speed
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
        long seed) {
    /** Speed of the preset {@code fast}: 0.3 ms a token, 0.3 s for a prompt of 100,000. */
    private static final double FAST = 20;

    public SimServerSettings {
        requirePort("port", port);
        requirePort("eventsPort", eventsPort);
        requirePort("replayPort", replayPort);
        if (model.isBlank()) {
            throw new IllegalArgumentException("the model's name is empty");
        }
        timingOf(timing);
        new SimSettings(blockSizeTokens, deviceBlocks, maxSequences, maxBatchedTokens, contextTokens);
    }

    /** Dimensions of the core; its context is what its blocks can hold, if that is less. */
    SimSettings engine() {
        int holdable = (int) Math.min(contextTokens, (long) deviceBlocks * blockSizeTokens);
        return new SimSettings(blockSizeTokens, deviceBlocks, maxSequences, maxBatchedTokens, holdable);
    }

    TimingModel timingModel() {
        return timingOf(timing);
    }

    private static TimingModel timingOf(String timing) {
        return switch (timing) {
            case "measured" -> TimingModel.MEASURED;
            case "fast" -> TimingModel.MEASURED.faster(FAST);
            default -> TimingModel.MEASURED.faster(factor(timing));
        };
    }

    private static double factor(String timing) {
        double factor;
        try {
            factor = Double.parseDouble(timing);
        } catch (NumberFormatException e) {
            factor = Double.NaN;
        }
        if (!(factor > 0 && factor < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("timing must be 'measured', 'fast' or a factor above 0, got " + timing);
        }
        return factor;
    }

    private static void requirePort(String name, int value) {
        if (value < 0 || value > 65_535) {
            throw new IllegalArgumentException(name + " must be 0 to 65535, got " + value);
        }
    }
}
