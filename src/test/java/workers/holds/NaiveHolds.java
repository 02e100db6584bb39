package workers.holds;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.SequenceHash;

/** The rules of {@link HoldTable} for one tier, spelled out over sets of blocks. */
final class NaiveHolds {
    private static final Comparator<One> YIELD_ORDER = Comparator.<One>comparingDouble(one -> one.hold.density())
            .thenComparingInt(one -> one.hold.priority())
            .thenComparingLong(one -> one.hold.lease().high())
            .thenComparingLong(one -> one.hold.lease().low());
    private static final Comparator<One> BY_DEADLINE = Comparator.<One>comparingLong(one -> one.deadline)
            .thenComparingLong(one -> one.hold.lease().high())
            .thenComparingLong(one -> one.hold.lease().low());

    private final Cache cache;
    private final Map<LeaseId, Epoch> epochs = new HashMap<>();
    List<One> holds = new ArrayList<>();
    private Incarnation incarnation = new Incarnation(0, 0);
    private int budget;

    record One(Hold hold, long deadline, int depth) {}

    record Outcome(Receipt receipt, List<HoldChange> changes) {}

    NaiveHolds(Cache cache) {
        this.cache = cache;
    }

    List<HoldChange> begin(Incarnation life) {
        List<One> over = life.equals(incarnation) ? List.of() : sorted(holds, BY_DEADLINE);
        incarnation = life;
        return end(over, HoldEnd.INCARNATION_OVER);
    }

    List<HoldChange> resize(int blocks) {
        budget = blocks;
        return yieldTo(blocks);
    }

    List<HoldChange> yieldTo(int blocks) {
        List<One> order = sorted(holds, YIELD_ORDER);
        int ends = 0;
        while (union(order.subList(ends, order.size())).size() > blocks) {
            ends++;
        }
        return end(order.subList(0, ends), HoldEnd.REVOKED_UNDER_PRESSURE);
    }

    List<HoldChange> tick(long now) {
        return end(
                sorted(holds, BY_DEADLINE).stream()
                        .filter(one -> one.deadline <= now)
                        .toList(),
                HoldEnd.EXPIRED);
    }

    Outcome hold(Hold asked, Incarnation named, long now) {
        List<HoldChange> changes = new ArrayList<>(tick(now));
        if (!named.equals(incarnation)) {
            return new Outcome(new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION), changes);
        }
        if (!admit(asked.lease(), asked.epoch())) {
            return new Outcome(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH), changes);
        }
        holds.removeIf(one -> one.hold.lease().equals(asked.lease()));
        int resident = resident(asked.prefix());
        if (resident == 0) {
            return new Outcome(new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT), changes);
        }
        long deadline = now + asked.remaining().toNanos();
        One whole = new One(asked, deadline, resident);
        List<One> order = sorted(holds, YIELD_ORDER);
        int weaker = (int) order.stream()
                .filter(one -> YIELD_ORDER.compare(one, whole) < 0)
                .count();
        int revoked = 0;
        while (revoked < weaker && !fits(with(order.subList(revoked, order.size()), whole))) {
            revoked++;
        }
        List<One> rest = new ArrayList<>(order.subList(revoked, order.size()));
        int depth = resident;
        while (depth > 0 && !fits(with(rest, new One(asked, deadline, depth)))) {
            depth--;
        }
        if (depth > 0) {
            rest.add(new One(asked, deadline, depth));
        }
        List<One> gone = new ArrayList<>();
        for (int i = revoked - 1; i >= 0; i--) {
            boolean stays = fits(with(rest, order.get(i)));
            (stays ? rest : gone).add(order.get(i));
        }
        changes.addAll(end(gone, HoldEnd.REVOKED_FOR_DENSER));
        holds = rest;
        return new Outcome(receipt(asked, resident, depth), changes);
    }

    boolean release(LeaseId lease, Epoch epoch) {
        return admit(lease, epoch) && holds.removeIf(one -> one.hold.lease().equals(lease));
    }

    /** Which leases lost blocks and what is left of them. */
    Map<LeaseId, Integer> evicted() {
        Map<LeaseId, Integer> left = new HashMap<>();
        List<One> kept = new ArrayList<>();
        for (One one : holds) {
            int depth = Math.min(one.depth, resident(one.hold.prefix()));
            if (depth < one.depth) {
                left.put(one.hold.lease(), depth);
            }
            if (depth > 0) {
                kept.add(new One(one.hold, one.deadline, depth));
            }
        }
        holds = kept;
        return left;
    }

    int blocks() {
        return union(holds).size();
    }

    Prefix prefix(One one) {
        long tail = cache.chain(one.hold.prefix().tail().value()).get(one.depth - 1);
        return new Prefix(one.depth, new SequenceHash(tail));
    }

    private Receipt receipt(Hold asked, int resident, int depth) {
        if (depth == 0) {
            return new Receipt.Rejected(Receipt.Reason.BUDGET);
        }
        if (depth == asked.prefix().blocks()) {
            return new Receipt.Accepted();
        }
        return new Receipt.Bounded(
                prefix(new One(asked, 0, depth)),
                asked.tier(),
                asked.remaining(),
                depth < resident ? Receipt.Reason.BUDGET : Receipt.Reason.NOT_RESIDENT);
    }

    private boolean admit(LeaseId lease, Epoch epoch) {
        Epoch seen = epochs.getOrDefault(lease, epoch);
        epochs.put(lease, epoch.compareTo(seen) < 0 ? seen : epoch);
        return epoch.compareTo(seen) >= 0;
    }

    private int resident(Prefix prefix) {
        List<Long> chain = cache.chain(prefix.tail().value());
        if (chain.size() != prefix.blocks()) {
            return 0;
        }
        int leading = 0;
        while (leading < chain.size() && cache.cached.contains(chain.get(leading))) {
            leading++;
        }
        return leading;
    }

    private boolean fits(List<One> all) {
        return union(all).size() <= budget;
    }

    private Set<Long> union(List<One> all) {
        Set<Long> union = new HashSet<>();
        all.forEach(one ->
                union.addAll(cache.chain(one.hold.prefix().tail().value()).subList(0, one.depth)));
        return union;
    }

    private List<HoldChange> end(List<One> over, HoldEnd reason) {
        List<One> ended = List.copyOf(over);
        holds.removeAll(ended);
        return ended.stream()
                .map(one -> new HoldChange(one.hold.lease(), one.hold.epoch(), reason, null))
                .toList();
    }

    private static List<One> with(List<One> some, One more) {
        List<One> all = new ArrayList<>(some);
        all.add(more);
        return all;
    }

    private static List<One> sorted(List<One> some, Comparator<One> order) {
        return some.stream().sorted(order).toList();
    }
}
