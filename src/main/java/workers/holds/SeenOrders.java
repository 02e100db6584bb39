package workers.holds;

import java.util.LinkedHashMap;
import java.util.Map;
import kv.Epoch;
import kv.LeaseId;

/**
 * The last order obeyed for each lease, ended ones included, so that neither a keeper of the past nor a message that was
 * overtaken can bring one back. The leases heard of longest ago are forgotten first. Mutable, not thread safe.
 */
public final class SeenOrders {
    private record Order(Epoch epoch, long number) {
        int compareTo(Order other) {
            int epochs = epoch.compareTo(other.epoch);
            return epochs != 0 ? epochs : Long.compare(number, other.number);
        }
    }

    private final Map<LeaseId, Order> orders;

    /** @param limit leases remembered, at least 1 */
    public SeenOrders(int limit) {
        orders = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<LeaseId, Order> eldest) {
                return size() > limit;
            }
        };
    }

    /**
     * Whether an order is not older than any before it; remembers it if so.
     *
     * @param number its place among its keeper's orders of one epoch
     */
    public boolean admit(LeaseId lease, Epoch epoch, long number) {
        Order order = new Order(epoch, number);
        Order seen = orders.get(lease);
        if (seen != null && order.compareTo(seen) < 0) {
            return false;
        }
        orders.put(lease, order);
        return true;
    }

    /** Whether an order is the one that was obeyed last. */
    public boolean repeated(LeaseId lease, Epoch epoch, long number) {
        return new Order(epoch, number).equals(orders.get(lease));
    }
}
