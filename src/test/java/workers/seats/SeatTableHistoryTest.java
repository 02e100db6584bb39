package workers.seats;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import kv.Epoch;
import kv.Hold;
import kv.KvEvent;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.RetentionClass;
import kv.SequenceHash;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** Random histories of seats against a plain list of plain lists. */
class SeatTableHistoryTest {
    private static final int SEATS = 4;
    private static final int STEPS = 120;

    private final SeatTable table = new SeatTable(SEATS);
    /** What the changes told add up to. */
    private final List<List<Long>> told = lists();
    /** The same, kept by the oracle. */
    private final List<List<Long>> naive = lists();

    private final Map<String, Integer> users = new HashMap<>();
    private final long[] freedAt = new long[SEATS];
    private long clock;

    @Property(tries = 300)
    void everyHistoryEndsAsThePlainListsDo(@ForAll long seed) {
        SeatTableHistoryTest history = new SeatTableHistoryTest();
        Random random = new Random(seed);
        for (int step = 0; step < STEPS; step++) {
            history.step(random, step);
            history.compare();
        }
    }

    private void step(Random random, int step) {
        List<String> busy = List.copyOf(users.keySet());
        int what = random.nextInt(4);
        if (what == 0 || busy.isEmpty()) {
            take("u" + step, random);
            return;
        }
        String user = busy.get(random.nextInt(busy.size()));
        int seat = Objects.requireNonNull(users.get(user));
        if (what == 1) {
            fill(user, seat, random);
        } else if (what == 2 && random.nextInt(4) == 0) {
            tell(table.emptied(user));
            naive.get(seat).clear();
        } else {
            table.free(user);
            users.remove(user);
            freedAt[seat] = ++clock;
        }
    }

    private void take(String user, Random random) {
        Prefix expected = random.nextInt(4) == 0 ? null : somePrefix(random);
        List<Hold> holds = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            Prefix prefix = somePrefix(random);
            if (prefix != null) {
                holds.add(hold(prefix, i, random.nextInt(5)));
            }
        }
        boolean yielding = random.nextBoolean();
        Optional<Integer> choice = cheapest(expected, holds, yielding);

        Optional<Taken> taken = table.take(user, expected, holds, yielding);

        assertEquals(choice, taken.map(Taken::seat));
        if (choice.isPresent()) {
            int kept = kept(choice.get(), expected);
            assertEquals(kept, taken.get().keptBlocks());
            List<Long> chain = naive.get(choice.get());
            chain.subList(kept, chain.size()).clear();
            tell(taken.get().changes());
            users.put(user, choice.get());
        }
    }

    private Optional<Integer> cheapest(@Nullable Prefix expected, List<Hold> holds, boolean yielding) {
        List<double[]> costs = new ArrayList<>();
        for (int seat = 0; seat < SEATS; seat++) {
            if (users.containsValue(seat)) {
                continue;
            }
            int blocks = naive.get(seat).size();
            int kept = kept(seat, expected);
            double lostDensity = -1;
            for (Hold hold : holds) {
                boolean lost = has(seat, hold.prefix()) && hold.prefix().blocks() > kept && copies(hold.prefix()) == 1;
                lostDensity = lost ? Math.max(lostDensity, hold.density()) : lostDensity;
            }
            if (lostDensity < 0) {
                boolean continued = blocks > 0 && kept == blocks;
                boolean useful = blocks > 0 && 2 * kept >= blocks;
                int kind = continued ? 0 : blocks == 0 ? 1 : useful ? 2 : 3;
                costs.add(new double[] {0, kind, kind == 2 ? blocks : 0, freedAt[seat], seat});
            } else if (yielding) {
                costs.add(new double[] {1, lostDensity, 0, freedAt[seat], seat});
            }
        }
        return costs.stream()
                .min(Comparator.<double[]>comparingDouble(cost -> cost[0])
                        .thenComparingDouble(cost -> cost[1])
                        .thenComparingDouble(cost -> cost[2])
                        .thenComparingDouble(cost -> cost[3])
                        .thenComparingDouble(cost -> cost[4]))
                .map(cost -> (int) cost[4]);
    }

    private void fill(String user, int seat, Random random) {
        List<Long> chain = naive.get(seat);
        int from = chain.size() + (random.nextInt(5) == 0 ? 1 : 0);
        long[] added = new long[random.nextInt(4)];
        long tail = chain.isEmpty() ? 0 : chain.get(chain.size() - 1);
        for (int i = 0; i < added.length; i++) {
            tail = tail * 3 + 1 + random.nextInt(2); // few children each, so that seats share beginnings
            added[i] = tail;
        }
        tell(table.filled(user, from, added));
        if (from == chain.size()) {
            for (long hash : added) {
                chain.add(hash);
            }
        }
    }

    private void tell(List<SeatChange> changes) {
        for (SeatChange change : changes) {
            List<Long> chain = told.get(change.seat());
            if (change.event() instanceof KvEvent.BlocksStored stored) {
                assertEquals(stored.root(), chain.isEmpty());
                if (!stored.root()) {
                    assertEquals(chain.get(chain.size() - 1), stored.parent());
                }
                for (long hash : stored.sequenceHashes()) {
                    chain.add(hash);
                }
            } else if (change.event() instanceof KvEvent.BlocksRemoved removed) {
                for (long hash : removed.sequenceHashes()) {
                    chain.remove(hash);
                }
            }
        }
    }

    private void compare() {
        assertEquals(naive, told);
        assertEquals(naive.stream().mapToInt(List::size).sum(), table.blocks());
        for (List<Long> chain : naive) {
            for (int i = 0; i < chain.size(); i++) {
                assertEquals(
                        i == 0 ? 0 : chain.get(i - 1),
                        table.before(chain.get(i)).orElse(0));
            }
        }
    }

    private @Nullable Prefix somePrefix(Random random) {
        List<Long> chain = naive.get(random.nextInt(SEATS));
        if (chain.isEmpty()) {
            return null;
        }
        int blocks = 1 + random.nextInt(chain.size());
        return new Prefix(blocks, new SequenceHash(chain.get(blocks - 1)));
    }

    private boolean has(int seat, Prefix prefix) {
        List<Long> chain = naive.get(seat);
        return chain.size() >= prefix.blocks()
                && chain.get(prefix.blocks() - 1) == prefix.tail().value();
    }

    private int kept(int seat, @Nullable Prefix expected) {
        return expected != null && has(seat, expected) ? expected.blocks() : 0;
    }

    private long copies(Prefix prefix) {
        long copies = 0;
        for (int seat = 0; seat < SEATS; seat++) {
            copies += has(seat, prefix) ? 1 : 0;
        }
        return copies;
    }

    private static Hold hold(Prefix prefix, int lease, double density) {
        return new Hold(
                new LeaseId(0, lease),
                new Epoch(1),
                prefix,
                RetentionClass.HISTORY,
                KvTier.DEVICE,
                50,
                density,
                Duration.ofSeconds(1));
    }

    private static List<List<Long>> lists() {
        List<List<Long>> lists = new ArrayList<>();
        for (int i = 0; i < SEATS; i++) {
            lists.add(new ArrayList<>());
        }
        return lists;
    }
}
