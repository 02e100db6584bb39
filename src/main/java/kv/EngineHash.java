package kv;

import java.nio.ByteBuffer;

/**
 * Identity that an engine gives to a prefix of its own cache. Opaque: mapped to a {@link SequenceHash}, never recomputed.
 *
 * <p>Thread-safety: immutable.
 */
public record EngineHash(long value) {

    /**
     * Reads a hash sent as raw digest bytes; its last 8 bytes, big-endian, are what the same engine sends as an integer.
     *
     * @param digest at least 8 bytes
     */
    public static EngineHash ofDigest(byte[] digest) {
        if (digest.length < Long.BYTES) {
            throw new IllegalArgumentException("an engine's digest has at least 8 bytes, got " + digest.length);
        }
        return new EngineHash(ByteBuffer.wrap(digest).getLong(digest.length - Long.BYTES));
    }
}
