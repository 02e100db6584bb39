package workers.sim;

import java.util.ArrayList;
import java.util.List;

/**
 * Links between memories and the transfers on them: processor sharing in virtual time.
 *
 * <p>A transfer takes a path of links. On each link the transfers there have equal shares; a transfer moves at the least of its
 * shares. A share that another link keeps a transfer from using is not given to others.
 *
 * <p>T1: a transfer ends when exactly its bytes have moved, and every link of its path has carried them.<br>
 * T2: no link ever carries more than its rate.<br>
 * T3: asking for the time of the next end changes nothing: when transfers end depends on when they began alone.
 *
 * <p>Beginning and ending a transfer is O(transfers under way). Time must not run backwards.
 *
 * <p>Thread-safety: none.
 */
final class Interconnect {
    /** Links' speeds are given per second, the clock is in milliseconds. */
    private static final double MILLIS_PER_SECOND = 1000;

    private final List<Transfer> underWay = new ArrayList<>();
    /** When a transfer last began or ended: between such times all rates are constant. */
    private double changedMillis = Double.NEGATIVE_INFINITY;

    private double nextEndMillis = Double.POSITIVE_INFINITY;

    /** Way between two memories, the same for both directions. */
    static final class Link {
        private final double bytesPerMilli;
        private int transfers;
        private double carriedBytes;

        Link(double bytesPerSecond) {
            if (!(bytesPerSecond > 0)) {
                throw new IllegalArgumentException("a link moves something, got " + bytesPerSecond + " bytes/s");
            }
            bytesPerMilli = bytesPerSecond / MILLIS_PER_SECOND;
        }

        double bytesPerMilli() {
            return bytesPerMilli;
        }

        /** Bytes of ended transfers, and of those under way as of the last change. */
        double carriedBytes() {
            return carriedBytes;
        }
    }

    private static final class Transfer {
        final List<Link> path;
        final Runnable arrived;
        double leftBytes;
        double bytesPerMilli;

        Transfer(List<Link> path, double bytes, Runnable arrived) {
            this.path = path;
            this.arrived = arrived;
            this.leftBytes = bytes;
        }

        void moved(double bytes) {
            leftBytes -= bytes;
            for (Link link : path) {
                link.carriedBytes += bytes;
            }
        }
    }

    /**
     * Begins a transfer.
     *
     * @param bytes above 0
     * @param arrived called by the {@link #settle} that comes to its end; must not begin another
     */
    void begin(List<Link> path, double bytes, Runnable arrived, double nowMillis) {
        settle(nowMillis);
        progress(nowMillis);
        Transfer transfer = new Transfer(List.copyOf(path), bytes, arrived);
        underWay.add(transfer);
        transfer.path.forEach(link -> link.transfers++);
        rate();
    }

    /** Ends, in order of time, the transfers that are over by now. */
    void settle(double nowMillis) {
        while (nextEndMillis <= nowMillis) {
            double end = nextEndMillis;
            Transfer first = first();
            progress(end);
            first.moved(first.leftBytes); // what rounding left
            underWay.remove(first);
            first.path.forEach(link -> link.transfers--);
            rate();
            first.arrived.run();
        }
    }

    /** When the next transfer ends if none begins before; infinity without any. */
    double nextEndMillis() {
        return nextEndMillis;
    }

    private void progress(double toMillis) {
        double elapsed = toMillis - changedMillis;
        for (Transfer transfer : underWay) {
            transfer.moved(Math.min(transfer.leftBytes, transfer.bytesPerMilli * elapsed));
        }
        changedMillis = toMillis;
    }

    private void rate() {
        nextEndMillis = Double.POSITIVE_INFINITY;
        for (Transfer transfer : underWay) {
            transfer.bytesPerMilli = Double.POSITIVE_INFINITY;
            for (Link link : transfer.path) {
                transfer.bytesPerMilli = Math.min(transfer.bytesPerMilli, link.bytesPerMilli / link.transfers);
            }
            nextEndMillis = Math.min(nextEndMillis, end(transfer));
        }
    }

    private Transfer first() {
        for (Transfer transfer : underWay) {
            if (end(transfer) == nextEndMillis) {
                return transfer;
            }
        }
        throw new IllegalStateException("no transfer ends at " + nextEndMillis);
    }

    private double end(Transfer transfer) {
        return changedMillis + transfer.leftBytes / transfer.bytesPerMilli;
    }
}
