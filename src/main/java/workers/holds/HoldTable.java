package workers.holds;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import org.jspecify.annotations.Nullable;

/**
 * Holds of one worker: what is kept until when, within a budget of blocks per tier.
 *
 * <p>Holds yield in order of density, then priority. A new hold takes the budget from those that yield before it, as many as
 * it needs; of those, the ones that still fit afterwards stay. If that is not enough it keeps its leading blocks that do fit.
 *
 * <ul>
 *   <li>I1: the blocks held in a tier are at most its budget; a block counts once, however many holds share it.
 *   <li>I2: after an operation at a time, no hold has a deadline at or before it.
 *   <li>I3: every held block was in the cache when it was last heard of, and so were all before it.
 *   <li>I4: a command that is not later than the last one obeyed for its lease, or of another incarnation, changes nothing.
 * </ul>
 *
 * <p>Times are nanoseconds of one monotonic clock. Costs are proportional to the blocks that begin or cease to be held, and
 * logarithmic in the number of holds.
 *
 * <p>Mutable, not thread safe.
 */
public final class HoldTable {
    /** Longest time of a hold: beyond, the clock's differences would lose their sign. About 146 years. */
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 2);

    private final Map<LeaseId, Held> holds = new HashMap<>();
    private final NavigableSet<Held> byDeadline = new TreeSet<>(Held.BY_DEADLINE);
    private final Map<KvTier, NavigableSet<Held>> byYield = new EnumMap<>(KvTier.class);
    private final Map<KvTier, HeldTree> trees = new EnumMap<>(KvTier.class);
    private final Map<KvTier, Integer> budgets = new EnumMap<>(KvTier.class);
    private final SeenOrders orders;
    private @Nullable Incarnation incarnation;
    private long grants;

    /** @param ordersRemembered leases whose last orders are known after they ended, at least 1 */
    public HoldTable(int ordersRemembered) {
        orders = new SeenOrders(ordersRemembered);
        for (KvTier tier : KvTier.values()) {
            byYield.put(tier, new TreeSet<>(Held.YIELD_ORDER));
            trees.put(tier, new HeldTree(tier));
            budgets.put(tier, 0);
        }
    }

    /** A new life of the engine: whatever was held in an earlier one is over. */
    public List<HoldChange> begin(Incarnation life) {
        List<HoldChange> changes = new ArrayList<>();
        if (!life.equals(incarnation)) {
            new TreeSet<>(byDeadline).forEach(held -> changes.add(end(held, HoldEnd.INCARNATION_OVER)));
        }
        incarnation = life;
        return changes;
    }

    /** Sets the budget of a tier; the cheapest holds end until the rest fits. */
    public List<HoldChange> resize(KvTier tier, int budgetBlocks) {
        budgets.put(tier, budgetBlocks);
        return yieldTo(tier, budgetBlocks);
    }

    /** Ends the cheapest holds of a tier until at most a number of blocks is held: running turns need the others. */
    public List<HoldChange> yieldTo(KvTier tier, int mostBlocks) {
        List<HoldChange> changes = new ArrayList<>();
        while (tree(tier).size() > mostBlocks) {
            changes.add(end(order(tier).first(), HoldEnd.REVOKED_UNDER_PRESSURE));
        }
        return changes;
    }

    /** Ends holds whose deadline has come. */
    public List<HoldChange> tick(long nowNanos) {
        List<HoldChange> changes = new ArrayList<>();
        while (!byDeadline.isEmpty() && byDeadline.first().deadlineNanos - nowNanos <= 0) {
            changes.add(end(byDeadline.first(), HoldEnd.EXPIRED));
        }
        return changes;
    }

    /**
     * Keeps what a command asks for, as far as it is in the cache and within the budget. A hold of the same lease is
     * replaced, even by nothing, unless the command is stale or a repetition.
     *
     * @param order its number among its keeper's orders of one epoch
     * @param named the incarnation that the command is for
     */
    public Grant hold(Hold asked, long order, Incarnation named, long nowNanos, CachedBlocks cached) {
        List<HoldChange> changes = new ArrayList<>(tick(nowNanos));
        if (!named.equals(incarnation)) {
            return rejected(Receipt.Reason.STALE_INCARNATION, changes);
        }
        if (repeated(asked.lease(), asked.epoch(), order) || !orders.admit(asked.lease(), asked.epoch(), order)) {
            return rejected(Receipt.Reason.STALE_EPOCH, changes);
        }
        return keep(asked, nowNanos, cached, changes);
    }

    /** What {@link #hold} just refused for want of room or blocks, in another tier instead: part of the same command. */
    public Grant holdInstead(Hold other, long nowNanos, CachedBlocks cached) {
        return keep(other, nowNanos, cached, new ArrayList<>());
    }

    /**
     * Keeps in the host what is held on the device, for the time that is left, when the device's room is wanted and the host takes all of
     * it: from its budget, and from what yields there before it. Else nothing changes: memory that nobody wants costs nothing, and
     * what the host has no room for is not worth less on the device.
     *
     * @param order its number among its keeper's orders of one epoch
     * @param sparedBlocks of the device, which neither running turns nor holds need
     * @param cached what the host has or could be given
     * @return what is held in the host; empty when nothing was moved
     */
    public Optional<Grant> demote(
            LeaseId lease, Epoch epoch, long order, int sparedBlocks, long nowNanos, CachedBlocks cached) {
        Held held = holds.get(lease);
        if (held == null
                || !held.hold.epoch().equals(epoch)
                || held.hold.tier() != KvTier.DEVICE
                || !held.hold.mayLieInstead(KvTier.HOST)
                || held.deadlineNanos - nowNanos <= 0
                || held.tail.depth <= Math.min(sparedBlocks, budget(KvTier.DEVICE) - blocks(KvTier.DEVICE))) {
            return Optional.empty();
        }
        HeldTree.Path path = tree(KvTier.HOST).find(held.hold.prefix(), cached);
        if (path.depth() < held.tail.depth || !hasRoom(KvTier.HOST, held, path) || !orders.admit(lease, epoch, order)) {
            return Optional.empty();
        }
        Duration left = Duration.ofNanos(held.deadlineNanos - nowNanos);
        Grant grant = keep(held.hold.in(KvTier.HOST).lasting(left), nowNanos, cached, new ArrayList<>());
        Held moved = Objects.requireNonNull(holds.get(lease), "there was room");
        Receipt colder = new Receipt.Bounded(moved.prefix(), KvTier.HOST, left, Receipt.Reason.RENT);
        return Optional.of(new Grant(colder, grant.number(), grant.changes()));
    }

    /**
     * The engine did not move what {@link #demote} booked in the host: it is held on the device again, as any hold is made.
     *
     * @param before what was held there
     * @param grant that of the demotion; nothing happens when it is history already
     * @return what became less, the hold itself if the device dropped it or gave its room to denser ones meanwhile
     */
    public List<HoldChange> stay(Hold before, long grant, long nowNanos, CachedBlocks cached) {
        List<HoldChange> changes = new ArrayList<>(tick(nowNanos));
        Held moved = holds.get(before.lease());
        if (moved == null || moved.number != grant) {
            return changes;
        }
        Duration left = Duration.ofNanos(moved.deadlineNanos - nowNanos);
        Grant again = keep(before.lasting(left), nowNanos, cached, new ArrayList<>());
        changes.addAll(again.changes());
        if (again.receipt() instanceof Receipt.Bounded less) {
            changes.add(new HoldChange(before.lease(), before.epoch(), end(less.reason()), less.prefix()));
        } else if (again.receipt() instanceof Receipt.Rejected none) {
            changes.add(new HoldChange(before.lease(), before.epoch(), end(none.reason()), null));
        }
        return changes;
    }

    private static HoldEnd end(Receipt.Reason reason) {
        return reason == Receipt.Reason.BUDGET ? HoldEnd.REVOKED_FOR_DENSER : HoldEnd.EVICTED;
    }

    /** Whether a tier has room for what is behind a path: free budget, and what holds that yield before another one keep alone. */
    private boolean hasRoom(KvTier tier, Held fresh, HeldTree.Path path) {
        HeldTree tree = tree(tier);
        Set<HeldBlock> kept = path.known();
        int room = budget(tier) - tree.size();
        for (Held weaker : order(tier).headSet(fresh)) {
            if (room >= path.behind().length) {
                break;
            }
            room += tree.alone(weaker, kept);
        }
        return room >= path.behind().length;
    }

    private Grant keep(Hold asked, long nowNanos, CachedBlocks cached, List<HoldChange> changes) {
        HeldTree tree = tree(asked.tier());
        HeldTree.Path path = tree.find(asked.prefix(), cached);
        if (path.depth() == 0) {
            drop(asked.lease());
            return rejected(Receipt.Reason.NOT_RESIDENT, changes);
        }
        Held replaced = holds.get(asked.lease());
        Duration bounded = asked.remaining().compareTo(LONGEST) < 0 ? asked.remaining() : LONGEST;
        // The new tail first: what both share is neither taken out nor put in again.
        HeldBlock tail = tree.grow(path);
        Held fresh = new Held(asked, nowNanos + bounded.toNanos(), ++grants, tail);
        tail.tails.add(fresh);
        if (replaced != null) {
            remove(replaced);
        }
        if (!makeRoom(fresh, cached, changes)) {
            return rejected(Receipt.Reason.BUDGET, changes);
        }
        add(fresh);
        return new Grant(receipt(fresh, path.depth()), fresh.number, changes);
    }

    /** Ends a hold because its keeper says so; false when there was none or the command is stale. */
    public boolean release(LeaseId lease, Epoch epoch, long order) {
        return orders.admit(lease, epoch, order) && drop(lease);
    }

    /** Whether a command is the last one obeyed for its lease, once more. */
    public boolean repeated(LeaseId lease, Epoch epoch, long order) {
        return orders.repeated(lease, epoch, order);
    }

    /** The engine did not do what a grant promised; false when that grant is history already. */
    public boolean refused(LeaseId lease, long grant) {
        Held held = holds.get(lease);
        return held != null && held.number == grant && drop(lease);
    }

    /** Blocks left a tier: what is behind them is of no use, and no longer held. */
    public List<HoldChange> evicted(KvTier tier, long[] hashes) {
        Map<LeaseId, Held> hit = new LinkedHashMap<>();
        for (long hash : hashes) {
            tree(tier).cut(hash).forEach(held -> hit.put(held.hold.lease(), held));
        }
        List<HoldChange> changes = new ArrayList<>();
        for (Held held : hit.values()) {
            if (tree(tier).contains(held.tail)) {
                changes.add(change(held, HoldEnd.EVICTED, held.prefix()));
            } else {
                forget(held);
                changes.add(change(held, HoldEnd.EVICTED, null));
            }
        }
        return changes;
    }

    /** The cache changed in a way that was not told block by block: what is no longer there is no longer held. O(held). */
    public List<HoldChange> recheck(CachedBlocks cached) {
        List<HoldChange> changes = new ArrayList<>();
        trees.forEach((tier, tree) -> changes.addAll(evicted(tier, tree.missing(cached))));
        return changes;
    }

    /** When the next hold ends by itself; empty without holds. */
    public OptionalLong nextDeadlineNanos() {
        return byDeadline.isEmpty() ? OptionalLong.empty() : OptionalLong.of(byDeadline.first().deadlineNanos);
    }

    /** Blocks held in a tier, shared ones once. */
    public int blocks(KvTier tier) {
        return tree(tier).size();
    }

    /** Most blocks that may be held in a tier. */
    public int budget(KvTier tier) {
        return Objects.requireNonNull(budgets.get(tier));
    }

    /** Number of the grant that a lease's hold rests on; 0 when it has none. */
    public long grant(LeaseId lease) {
        Held held = holds.get(lease);
        return held == null ? 0 : held.number;
    }

    /** What is held, the first to yield first, with the time that remains. */
    public List<Hold> holds(long nowNanos) {
        List<Hold> all = new ArrayList<>();
        for (NavigableSet<Held> tier : byYield.values()) {
            for (Held held : tier) {
                if (held.deadlineNanos - nowNanos > 0) {
                    all.add(held.at(nowNanos));
                }
            }
        }
        return all;
    }

    /** What is held for a lease, with the time that remains; empty when nothing is. */
    public Optional<Hold> find(LeaseId lease, long nowNanos) {
        return Optional.ofNullable(holds.get(lease))
                .filter(held -> held.deadlineNanos - nowNanos > 0)
                .map(held -> held.at(nowNanos));
    }

    /** How many leading blocks of a cached prefix are held in a tier. O(those that are not). */
    public int heldPart(KvTier tier, Prefix prefix, CachedBlocks cached) {
        return tree(tier).heldPart(prefix, cached);
    }

    /** Makes a hold that is in its tree fit the budget, or takes it out again; false when nothing of it fits. */
    private boolean makeRoom(Held fresh, CachedBlocks cached, List<HoldChange> changes) {
        KvTier tier = fresh.hold.tier();
        HeldTree tree = tree(tier);
        int budget = budget(tier);
        List<Held> revoked = new ArrayList<>();
        while (tree.size() > budget && weaker(fresh) != null) {
            Held weakest = order(tier).first();
            remove(weakest);
            revoked.add(weakest);
        }
        boolean fits = true;
        while (fits && tree.size() > budget) {
            fits = tree.shorten(fresh);
        }
        if (!fits) {
            tree.remove(fresh);
        }
        for (int i = revoked.size() - 1; i >= 0; i--) {
            Held held = revoked.get(i);
            HeldTree.Path path = tree.find(held.prefix(), cached);
            if (path.depth() == held.tail.depth && tree.size() + path.behind().length <= budget) {
                held.tail = tree.grow(path);
                held.tail.tails.add(held);
                add(held);
            } else {
                changes.add(change(held, HoldEnd.REVOKED_FOR_DENSER, null));
            }
        }
        return fits;
    }

    private @Nullable Held weaker(Held than) {
        return order(than.hold.tier()).lower(than);
    }

    private Receipt receipt(Held held, int found) {
        Hold asked = held.hold;
        if (held.tail.depth == asked.prefix().blocks()) {
            return new Receipt.Accepted();
        }
        Receipt.Reason reason = held.tail.depth < found ? Receipt.Reason.BUDGET : Receipt.Reason.NOT_RESIDENT;
        return new Receipt.Bounded(held.prefix(), asked.tier(), asked.remaining(), reason);
    }

    private static Grant rejected(Receipt.Reason reason, List<HoldChange> changes) {
        return new Grant(new Receipt.Rejected(reason), 0, changes);
    }

    private HoldChange end(Held held, HoldEnd reason) {
        remove(held);
        return change(held, reason, null);
    }

    private boolean drop(LeaseId lease) {
        Held held = holds.get(lease);
        if (held != null) {
            remove(held);
        }
        return held != null;
    }

    private void add(Held held) {
        holds.put(held.hold.lease(), held);
        byDeadline.add(held);
        order(held.hold.tier()).add(held);
    }

    private void remove(Held held) {
        tree(held.hold.tier()).remove(held);
        forget(held);
    }

    private void forget(Held held) {
        holds.remove(held.hold.lease());
        byDeadline.remove(held);
        order(held.hold.tier()).remove(held);
    }

    private static HoldChange change(Held held, HoldEnd reason, @Nullable Prefix left) {
        return new HoldChange(held.hold.lease(), held.hold.epoch(), reason, left);
    }

    private HeldTree tree(KvTier tier) {
        return Objects.requireNonNull(trees.get(tier));
    }

    private NavigableSet<Held> order(KvTier tier) {
        return Objects.requireNonNull(byYield.get(tier));
    }
}
