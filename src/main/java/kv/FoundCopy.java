package kv;

/**
 * A copy as it is found in storage, whole or not.
 *
 * <p>Thread-safety: immutable.
 *
 * @param lease for which it was written
 * @param location see {@link StoredCopy}
 */
public record FoundCopy(LeaseId lease, String location) {}
