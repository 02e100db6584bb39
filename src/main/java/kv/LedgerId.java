package kv;

import java.util.HexFormat;

/**
 * Name of one partition of one cluster's ledger of leases, drawn by chance when the partition begins and kept with its events.
 * What is written to shared storage for a lease carries it, so that a keeper tells its own from what others keep there.
 *
 * <p>Thread-safety: immutable.
 */
public record LedgerId(long value) {
    /** Of a ledger that has not begun. */
    public static final LedgerId NONE = new LedgerId(0);

    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(value);
    }
}
