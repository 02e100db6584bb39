package cli;

import picocli.CommandLine.Option;
import workers.sim.SimTiers;

/** Options of a simulated engine's memory beyond its device. Speeds are those of the measured machine. */
final class SimTierOptions {
    private static final double GIGA = 1e9;

    @Option(
            names = "--host-blocks",
            paramLabel = "N",
            description = "KV blocks in host memory, 0 for none (${DEFAULT-VALUE}).")
    private int hostBlocks;

    @Option(
            names = "--disk-blocks",
            paramLabel = "N",
            description = "KV blocks on disk, 0 for none (${DEFAULT-VALUE}).")
    private int diskBlocks;

    @Option(names = "--drop-evicted", description = "Drop evicted blocks instead of moving them one tier down.")
    private boolean dropEvicted;

    @Option(
            names = "--bytes-per-token",
            paramLabel = "N",
            description = "KV bytes of a token, which transfers are charged for (${DEFAULT-VALUE}).")
    private int bytesPerToken = 131_072;

    @Option(
            names = "--device-host-gbps",
            paramLabel = "GB/s",
            description = "Speed of the link between device and host (${DEFAULT-VALUE}).")
    private double deviceHost = 14;

    @Option(
            names = "--host-disk-gbps",
            paramLabel = "GB/s",
            description = "Speed of the link between host and disk (${DEFAULT-VALUE}).")
    private double hostDisk = 7;

    @Option(
            names = "--network-gbps",
            paramLabel = "GB/s",
            description = "Speed of the link to other engines (${DEFAULT-VALUE}).")
    private double network = 64;

    /** Throws an {@link IllegalArgumentException} that says which is out of range. */
    SimTiers tiers() {
        return new SimTiers(
                hostBlocks,
                diskBlocks,
                !dropEvicted,
                bytesPerToken,
                deviceHost * GIGA,
                hostDisk * GIGA,
                network * GIGA);
    }
}
