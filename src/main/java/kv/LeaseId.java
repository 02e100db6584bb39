package kv;

import java.util.HexFormat;

/**
 * Name of one retention lease. Derived from what the lease is for, so that asking twice for the same names the same lease.
 *
 * <p>Thread-safety: immutable.
 */
public record LeaseId(long high, long low) {

    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
    }
}
