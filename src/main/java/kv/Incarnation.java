package kv;

import java.util.HexFormat;

/**
 * One life of an engine: a random 128-bit id drawn when the engine is first seen or seen to have restarted. Compared by
 * equality only; every claim made under an older incarnation is void.
 *
 * <p>Thread-safety: immutable.
 */
public record Incarnation(long high, long low) {

    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
    }
}
