package replay;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import kv.Receipt;
import workers.holds.HoldEnd;

/**
 * What keeping came to in one run.
 *
 * <p>Thread-safety: confined to its run; read only afterwards.
 */
public final class RetentionFigures {
    private final Map<String, Integer> receipts = new TreeMap<>();
    private final Map<HoldEnd, Integer> cut = new EnumMap<>(HoldEnd.class);
    private long leases;
    private long leasesRefused;
    private long leasesUsed;
    private long controlMessages;
    private final double bytesPerBlock;
    private double blockSeconds;
    private double mostHeldShare;

    RetentionFigures(double bytesPerBlock) {
        this.bytesPerBlock = bytesPerBlock;
    }

    void receipt(Receipt receipt) {
        receipts.merge(receipt.getClass().getSimpleName(), 1, Integer::sum);
    }

    void cut(HoldEnd reason) {
        cut.merge(reason, 1, Integer::sum);
    }

    void lease(boolean granted) {
        leases++;
        leasesRefused += granted ? 0 : 1;
    }

    void leaseUsed() {
        leasesUsed++;
    }

    void message() {
        controlMessages++;
    }

    void held(int blocks, double seconds) {
        blockSeconds += blocks * seconds;
    }

    void heldShare(double ofBudget) {
        mostHeldShare = Math.max(mostHeldShare, ofBudget);
    }

    /** Answers of workers to commands for holds, by kind. */
    public Map<String, Integer> receipts() {
        return receipts;
    }

    /** Holds that ended or shrank on a worker before their keeper ended them, by reason. */
    public Map<HoldEnd, Integer> cut() {
        return cut;
    }

    /** Leases that sessions asked for. */
    public long leases() {
        return leases;
    }

    /** Of those, how many the ledger refused. */
    public long leasesRefused() {
        return leasesRefused;
    }

    /** Of those, how many whose line came back to the worker that held them and found all their blocks. */
    public long leasesUsed() {
        return leasesUsed;
    }

    /** Messages between sessions, keeper and workers. */
    public long controlMessages() {
        return controlMessages;
    }

    /** Bytes under holds, shared ones once, integrated over time. */
    public double byteSeconds() {
        return blockSeconds * bytesPerBlock;
    }

    /** Most blocks that a worker ever held, over its budget. */
    public double mostHeldShare() {
        return mostHeldShare;
    }
}
