package kv;

/**
 * Hash of a whole prefix up to and including one block: equal hashes mean equal prefixes. The only lookup key.
 *
 * <p>Thread-safety: immutable.
 */
public record SequenceHash(long value) {}
