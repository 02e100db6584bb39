package cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import replay.KnownNames;
import replay.ReplaySettings;

/** The fleet that a replay simulates, and how late its parts hear of each other. */
final class SimulatedFleetOptions {
    @Spec
    private CommandSpec mine;

    @Option(
            names = "--workers",
            paramLabel = "N",
            defaultValue = "4",
            description = "Simulated engines (default: ${DEFAULT-VALUE}).")
    private int workers;

    @Option(
            names = "--blocks-per-worker",
            paramLabel = "BLOCKS",
            defaultValue = "16384",
            description = "KV blocks of each engine (default: ${DEFAULT-VALUE}).")
    private int blocksPerWorker;

    @Option(
            names = "--host-blocks-per-worker",
            paramLabel = "BLOCKS",
            defaultValue = "0",
            description = "KV blocks in each engine's host memory; its links are as fast as holdfast.router.links says "
                    + "(default: ${DEFAULT-VALUE}).")
    private int hostBlocksPerWorker;

    @Option(
            names = "--disk-blocks-per-worker",
            paramLabel = "BLOCKS",
            defaultValue = "0",
            description = "KV blocks on each engine's disk (default: ${DEFAULT-VALUE}).")
    private int diskBlocksPerWorker;

    @Option(
            names = "--remote-blocks",
            paramLabel = "BLOCKS",
            defaultValue = "0",
            description =
                    "KV blocks in one store that all engines share, below each one's own memory; its link, shared as "
                            + "well, is as fast as network-rate of holdfast.router.links says (default: ${DEFAULT-VALUE}).")
    private int remoteBlocks;

    @Option(
            names = "--pulls",
            description = "Engines take over from each other what they lack of a prompt where that is sooner done than "
                    + "computing it, as fast as holdfast.router.links says (default: they do not).")
    private boolean pulls;

    @Option(
            names = "--timing",
            paramLabel = "PRESET",
            defaultValue = "measured",
            description =
                    "What the engines cost: measured, fast, or a factor of measured (default: " + "${DEFAULT-VALUE}).")
    private String timing;

    @Option(
            names = "--max-sequences",
            paramLabel = "N",
            defaultValue = "256",
            description = "Requests that an engine runs at once (default: ${DEFAULT-VALUE}).")
    private int maxSequences;

    @Option(
            names = "--max-batched-tokens",
            paramLabel = "TOKENS",
            defaultValue = "8192",
            description = "Token budget of an engine's pass (default: ${DEFAULT-VALUE}).")
    private int maxBatchedTokens;

    @Option(
            names = "--event-delay-millis",
            paramLabel = "MS",
            defaultValue = "1",
            description = "From a change of an engine's blocks until the index shows it (default: ${DEFAULT-VALUE}).")
    private double eventDelayMillis;

    @Option(
            names = "--load-interval-millis",
            paramLabel = "MS",
            defaultValue = "50",
            description = "How late, and how often at most, a router hears of an engine's load "
                    + "(default: ${DEFAULT-VALUE}).")
    private double loadIntervalMillis;

    @Option(
            names = "--control-delay-millis",
            paramLabel = "MS",
            defaultValue = "1",
            description = "How long a message between a session, the keeper of leases and a worker takes "
                    + "(default: ${DEFAULT-VALUE}).")
    private double controlDelayMillis;

    @Option(
            names = "--expected-output-tokens",
            paramLabel = "TOKENS",
            defaultValue = "256",
            description = "Length of every answer as told to the router, which never sees the recorded one "
                    + "(default: ${DEFAULT-VALUE}).")
    private int expectedOutputTokens;

    /** What these options are called. */
    List<String> names() {
        return mine.options().stream().map(OptionSpec::longestName).toList();
    }

    /** @throws IllegalArgumentException naming the option whose value is wrong */
    void check() {
        OptionLimits.atLeast(1, "--workers", workers);
        OptionLimits.atLeast(1, "--blocks-per-worker", blocksPerWorker);
        OptionLimits.atLeast(0, "--host-blocks-per-worker", hostBlocksPerWorker);
        OptionLimits.atLeast(0, "--disk-blocks-per-worker", diskBlocksPerWorker);
        OptionLimits.atLeast(0, "--remote-blocks", remoteBlocks);
        OptionLimits.allowed("--timing", () -> KnownNames.checkTiming(timing));
        OptionLimits.atLeast(1, "--max-sequences", maxSequences);
        if (maxBatchedTokens < maxSequences) {
            throw new IllegalArgumentException("--max-batched-tokens must be at least --max-sequences, so that every "
                    + "request goes on in every pass: got " + maxBatchedTokens + " and " + maxSequences);
        }
        OptionLimits.notNegative("--event-delay-millis", eventDelayMillis);
        OptionLimits.notNegative("--load-interval-millis", loadIntervalMillis);
        OptionLimits.notNegative("--control-delay-millis", controlDelayMillis);
        OptionLimits.atLeast(1, "--expected-output-tokens", expectedOutputTokens);
    }

    ReplaySettings settings(int blockSizeTokens, int sessions, double gapCapSeconds, long seed) {
        return new ReplaySettings(
                workers,
                blockSizeTokens,
                blocksPerWorker,
                hostBlocksPerWorker,
                diskBlocksPerWorker,
                remoteBlocks,
                pulls,
                maxSequences,
                maxBatchedTokens,
                sessions,
                gapCapSeconds,
                eventDelayMillis,
                loadIntervalMillis,
                controlDelayMillis,
                expectedOutputTokens,
                timing,
                seed);
    }
}
