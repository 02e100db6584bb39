package kv;

/**
 * Hash of one block's own tokens, whatever precedes it. Never a lookup key: that is {@link SequenceHash}.
 *
 * <p>Thread-safety: immutable.
 */
public record BlockHash(long value) {}
