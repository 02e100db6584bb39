package kv;

import com.dynatrace.hash4j.hashing.Hashing;
import java.nio.charset.StandardCharsets;

/**
 * Seed that keeps one tenant's hashes apart from every other's: the same tokens under two salts never share a hash.
 *
 * <p>The derivation is the one routers of this field share (base seed 1337, plus XXH3 with seed 1 of the salt's text), so
 * that {@link #NONE} reproduces their published vectors.
 *
 * <p>Thread-safety: immutable.
 */
public record HashSalt(long seed) {
    private static final long BASE_SEED = 1337;

    /** No salt: an engine that serves one tenant and was given none. */
    public static final HashSalt NONE = new HashSalt(BASE_SEED);

    /** Derives the salt of a cache salt's text, as sent to engines; the empty text is {@link #NONE}. */
    public static HashSalt of(String cacheSalt) {
        if (cacheSalt.isEmpty()) {
            return NONE;
        }
        byte[] text = cacheSalt.getBytes(StandardCharsets.UTF_8);
        return new HashSalt(BASE_SEED + Hashing.xxh3_64(1).hashBytesToLong(text));
    }
}
