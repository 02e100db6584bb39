package workers.sim;

/**
 * Memory of a simulated engine beyond its device, and the links to it. A capacity of 0 means that there is no such tier.
 *
 * <p>Thread-safety: immutable.
 *
 * @param hostBlocks capacity of the host tier
 * @param diskBlocks capacity of the disk tier
 * @param writeBack whether a block that is evicted from a tier moves to the next colder one, rather than being dropped
 * @param bytesPerToken KV bytes of a token, of the model's whole depth
 * @param deviceHostBytesPerSecond speed of the link between device and host, both directions together
 * @param hostDiskBytesPerSecond speed of the link between host and disk
 * @param networkBytesPerSecond speed of the engine's own link to other engines and to the remote store
 */
public record SimTiers(
        int hostBlocks,
        int diskBlocks,
        boolean writeBack,
        int bytesPerToken,
        double deviceHostBytesPerSecond,
        double hostDiskBytesPerSecond,
        double networkBytesPerSecond) {
    public SimTiers {
        if (hostBlocks < 0 || diskBlocks < 0) {
            throw new IllegalArgumentException(
                    "a tier has at least 0 blocks, got host %d and disk %d".formatted(hostBlocks, diskBlocks));
        }
        if (bytesPerToken < 1) {
            throw new IllegalArgumentException("bytesPerToken must be at least 1, got " + bytesPerToken);
        }
        requirePositive("deviceHostBytesPerSecond", deviceHostBytesPerSecond);
        requirePositive("hostDiskBytesPerSecond", hostDiskBytesPerSecond);
        requirePositive("networkBytesPerSecond", networkBytesPerSecond);
    }

    /** The same memory behind links that are faster by a factor. */
    public SimTiers faster(double factor) {
        return new SimTiers(
                hostBlocks,
                diskBlocks,
                writeBack,
                bytesPerToken,
                deviceHostBytesPerSecond * factor,
                hostDiskBytesPerSecond * factor,
                networkBytesPerSecond * factor);
    }

    private static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be above 0, got " + value);
        }
    }
}
