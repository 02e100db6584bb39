package workers;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import kv.Epoch;
import kv.Incarnation;
import kv.LeaseId;
import kv.Receipt;
import org.jspecify.annotations.Nullable;
import workers.holds.SeenOrders;
import workers.status.EngineFacts;

/**
 * What keeps a worker from doing twice, or for a keeper of the past, what takes it a while.
 *
 * <p>Mutable, confined to its worker.
 */
final class CommandFence {
    static final Receipt FAILED = new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED);

    /** How often a lease is told that its conversation's text is still to come; a text that was never kept is not waited for longer. */
    private static final int TEXT_AWAITED = 5;

    private final EngineCache cache;
    private final SeenOrders orders;
    private final Map<String, Epoch> underWay = new HashMap<>();
    private final Map<LeaseId, Integer> textless;

    /** @param remembered leases whose last command is known, at least 1 */
    CommandFence(EngineCache cache, int remembered) {
        this.cache = cache;
        this.orders = new SeenOrders(remembered);
        this.textless = latest(remembered);
    }

    /** A map that forgets what was put first when it has more entries than that. */
    static <V> Map<LeaseId, V> latest(int limit) {
        return new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<LeaseId, V> eldest) {
                return size() > limit;
            }
        };
    }

    /** Why a command is not to be obeyed, if so; else it counts as its lease's last. */
    Optional<Receipt> refusal(LeaseId lease, Epoch epoch, Incarnation incarnation, @Nullable EngineFacts facts) {
        if (!incarnation.equals(cache.incarnation())) {
            return Optional.of(new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION));
        }
        if (!orders.admit(lease, epoch, 0)) {
            return Optional.of(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH));
        }
        return facts == null ? Optional.of(FAILED) : Optional.empty();
    }

    /** Whether a command of the same keeper's life is being done for a user of the engine's places. */
    boolean underWay(String user, Epoch epoch) {
        return epoch.equals(underWay.get(user));
    }

    void begins(String user, Epoch epoch) {
        underWay.put(user, epoch);
    }

    /** It is done: the user's place, if it had one, is free. */
    void ends(String user) {
        underWay.remove(user);
        cache.mirror().seats().free(user);
    }

    /** Whether a text that is not there may be on its way: it is stored beside the end of its turn, and nothing waits for that. */
    boolean textMayCome(LeaseId lease) {
        return textless.merge(lease, 1, Integer::sum) <= TEXT_AWAITED;
    }
}
