package router.retention;

import kv.Epoch;
import kv.Incarnation;
import kv.LeaseId;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * What a worker says to an order.
 *
 * @param order number of the order, see {@link OpenOrders#sent}; for a copy, of the one that it was written by
 */
public record WorkerAnswer(
        WorkerId worker,
        LeaseId lease,
        Epoch epoch,
        Incarnation incarnation,
        Step.Kind kind,
        long order,
        Receipt receipt,
        @Nullable StoredCopy copy) {

    boolean granted() {
        return receipt instanceof Receipt.Accepted || receipt instanceof Receipt.Bounded;
    }
}
