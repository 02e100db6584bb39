package workers.status;

/**
 * How long KV takes to move to a device without being computed. Placement predicts with it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param copyBytesPerSecond rate at which engines load stored copies
 * @param bytesPerToken KV bytes of a token
 * @param hostBytesPerSecond rate of loads from the host tier
 * @param diskBytesPerSecond rate of loads from the disk tier
 * @param networkBytesPerSecond rate of pulls from other engines and of loads from the remote tier
 */
public record TransferModel(
        long copyBytesPerSecond,
        long bytesPerToken,
        double hostBytesPerSecond,
        double diskBytesPerSecond,
        double networkBytesPerSecond) {
    private static final double MILLIS_PER_SECOND = 1000;

    public TransferModel {
        if (copyBytesPerSecond < 1 || bytesPerToken < 1) {
            throw new IllegalArgumentException(
                    "copies are loaded at %d bytes per second, tokens have %d bytes: both must be above 0"
                            .formatted(copyBytesPerSecond, bytesPerToken));
        }
        if (!(hostBytesPerSecond > 0 && diskBytesPerSecond > 0 && networkBytesPerSecond > 0)) {
            throw new IllegalArgumentException(
                    "links move something: %s, %s and %s bytes per second are not all above 0"
                            .formatted(hostBytesPerSecond, diskBytesPerSecond, networkBytesPerSecond));
        }
    }

    /** The same with links that are faster by a factor; storage is as fast as it is. */
    public TransferModel faster(double factor) {
        return new TransferModel(
                copyBytesPerSecond,
                bytesPerToken,
                hostBytesPerSecond * factor,
                diskBytesPerSecond * factor,
                networkBytesPerSecond * factor);
    }

    /** Time to load a stored copy. */
    public double copyMillis(long bytes) {
        return bytes * MILLIS_PER_SECOND / copyBytesPerSecond;
    }

    /** Time to load tokens from the colder tiers of the same engine, one tier after the other. */
    public double loadMillis(long hostTokens, long diskTokens, long remoteTokens) {
        double seconds = hostTokens / hostBytesPerSecond
                + diskTokens / diskBytesPerSecond
                + remoteTokens / networkBytesPerSecond;
        return seconds * bytesPerToken * MILLIS_PER_SECOND;
    }

    /** Time to load tokens from the tier that catches what an engine's device drops; infinite where none does. */
    public double reloadMillis(long tokens, ColderTiers tiers) {
        if (tiers.hostBlocks() > 0) {
            return loadMillis(tokens, 0, 0);
        }
        return tiers.diskBlocks() > 0 ? loadMillis(0, tokens, 0) : Double.POSITIVE_INFINITY;
    }

    /** Time to pull tokens from another engine. */
    public double pullMillis(long tokens) {
        return loadMillis(0, 0, tokens);
    }
}
