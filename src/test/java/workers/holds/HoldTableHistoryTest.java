package workers.holds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.RetentionClass;
import kv.SequenceHash;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random histories of commands, deadlines, evictions and restarts: the table does what the naive rules say. */
class HoldTableHistoryTest {
    /** Those that a worker holds in. */
    private static final List<KvTier> TIERS = List.of(KvTier.DEVICE, KvTier.HOST, KvTier.DISK);

    @Property(tries = 3000)
    void everyHistoryEndsAsTheNaiveRulesSay(@ForAll long seed) {
        History history = new History(seed);
        for (int i = 0; i < 60; i++) {
            history.step();
            history.compare();
        }
    }

    @Property(tries = 1000)
    void r1NoHoldIsKeptPastItsDeadlineWhoeverIsSilent(@ForAll long seed) {
        History history = new History(seed);
        for (int i = 0; i < 60; i++) {
            history.step();
            history.tick();
            for (Hold hold : history.table.holds(history.clock())) {
                long deadline = history.now + hold.remaining().toNanos();
                assertTrue(hold.remaining().toNanos() > 0);
                assertTrue(
                        deadline <= history.latestDeadline.getOrDefault(hold.lease(), -1L),
                        "it outlives the last command");
            }
        }
        // Nobody speaks any more.
        history.table.tick(history.clock() + History.LONGEST_NANOS);
        assertEquals(List.of(), history.table.holds(history.clock()));
        assertEquals(0, history.table.blocks(KvTier.DEVICE));
    }

    @Property(tries = 1000)
    void r2TheBudgetHoldsAndSharedBlocksCountOnce(@ForAll long seed) {
        History history = new History(seed);
        for (int i = 0; i < 60; i++) {
            history.step();
            history.tick();
            Set<Long> held = history.table.holds(history.clock()).stream()
                    .flatMap(hold -> history.cache.chain(hold.prefix().tail().value()).stream())
                    .collect(Collectors.toSet());
            assertEquals(held.size(), history.table.blocks(KvTier.DEVICE));
            assertTrue(held.size() <= history.budget);
        }
    }

    @Property(tries = 1000)
    void r2EveryTierHasABudgetOfItsOwn(@ForAll long seed) {
        Random random = new Random(seed);
        Cache cache = new Cache(2 + random.nextInt(25), random);
        HoldTable table = new HoldTable(1_000);
        Incarnation life = new Incarnation(0, 1);
        table.begin(life);
        Map<KvTier, Integer> budgets = new EnumMap<>(KvTier.class);
        for (KvTier tier : TIERS) {
            int budget = random.nextInt(cache.size() / 2 + 1);
            budgets.put(tier, budget);
            table.resize(tier, budget);
        }
        for (int order = 1; order <= 60; order++) {
            KvTier tier = TIERS.get(random.nextInt(TIERS.size()));
            switch (random.nextInt(8)) {
                case 0 -> {
                    int budget = random.nextInt(cache.size() / 2 + 1);
                    budgets.put(tier, budget);
                    table.resize(tier, budget);
                }
                case 1 -> {
                    long[] gone = cache.evict(1L + random.nextInt(cache.size()));
                    TIERS.forEach(each -> table.evicted(each, gone));
                }
                case 2 -> cache.store(1L + random.nextInt(cache.size()));
                default -> table.hold(hold(random, cache, tier), order, life, order, cache);
            }
            for (KvTier each : TIERS) {
                Set<Long> held = table.holds(order).stream()
                        .filter(hold -> hold.tier() == each)
                        .flatMap(hold -> cache.chain(hold.prefix().tail().value()).stream())
                        .collect(Collectors.toSet());
                assertEquals(held.size(), table.blocks(each), each::toString);
                assertTrue(held.size() <= Objects.requireNonNull(budgets.get(each)), each::toString);
            }
        }
    }

    private static Hold hold(Random random, Cache cache, KvTier tier) {
        return new Hold(
                new LeaseId(0, random.nextInt(8)),
                new Epoch(1),
                cache.prefix(1L + random.nextInt(cache.size())),
                RetentionClass.HISTORY,
                tier,
                random.nextInt(3),
                random.nextInt(4),
                Duration.ofHours(1));
    }

    @Property(tries = 1000)
    void r3ARepeatedCommandHasOneEffectAndAnOldOneNone(@ForAll long seed) {
        History history = new History(seed);
        for (int i = 0; i < 40; i++) {
            history.step();
            Hold asked = history.randomHold();
            history.hold(asked, history.incarnation);
            history.tick(); // some time later
            List<Hold> once = history.table.holds(history.clock());
            Grant again =
                    history.table.hold(asked, history.orders, history.incarnation, history.clock(), history.cache);
            assertTrue(history.table.repeated(asked.lease(), asked.epoch(), history.orders));
            assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH), again.receipt());
            history.table.hold(asked, history.orders - 1, history.incarnation, history.clock(), history.cache);
            history.table.release(asked.lease(), asked.epoch(), history.orders - 1);
            Epoch older = new Epoch(asked.epoch().value() - 1);
            Hold stale = new Hold(
                    asked.lease(),
                    older,
                    history.randomHold().prefix(),
                    asked.retentionClass(),
                    asked.tier(),
                    100,
                    1e9,
                    Duration.ofNanos(History.LONGEST_NANOS));
            Receipt refusal = history.hold(stale, history.incarnation).receipt();
            history.table.release(asked.lease(), older, history.orders + 1);

            assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH), refusal);
            assertEquals(once, history.table.holds(history.clock()));
        }
    }

    @Property(tries = 1000)
    void r6HoldsYieldInOrderOfDensityUntilThereIsRoom(@ForAll long seed) {
        History history = new History(seed);
        for (int i = 0; i < 40; i++) {
            history.step();
            history.tick();
            List<Hold> before = history.table.holds(history.clock());
            int most = history.random.nextInt(history.cache.size() + 1);

            List<HoldChange> yielded = history.table.yieldTo(KvTier.DEVICE, most);

            history.naive.yieldTo(most);
            assertTrue(history.table.blocks(KvTier.DEVICE) <= most);
            assertEquals(
                    before.stream().limit(yielded.size()).map(Hold::lease).toList(),
                    yielded.stream().map(HoldChange::lease).toList(),
                    "the least dense first");
            yielded.forEach(change -> assertEquals(HoldEnd.REVOKED_UNDER_PRESSURE, change.reason()));
            assertEquals(before.subList(yielded.size(), before.size()), history.table.holds(history.clock()));
        }
    }

    @Property(tries = 500)
    void r7NothingOfAnEarlierIncarnationCounts(@ForAll long seed) {
        History history = new History(seed);
        for (int i = 0; i < 40; i++) {
            history.step();
            history.tick();
            Incarnation old = history.incarnation;
            int held = history.table.holds(history.clock()).size();

            List<HoldChange> over = history.table.begin(new Incarnation(1, i));

            assertEquals(held, over.size());
            assertEquals(0, history.table.blocks(KvTier.DEVICE));
            assertEquals(
                    new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION),
                    history.table
                            .hold(history.randomHold(), ++history.orders, old, history.clock(), history.cache)
                            .receipt());
            assertEquals(0, history.table.blocks(KvTier.DEVICE));
            history.naive.begin(new Incarnation(1, i));
            history.incarnation = new Incarnation(1, i);
        }
    }

    /** One random history, told to the table and to the naive rules. */
    private static final class History {
        static final long LONGEST_NANOS = 1_000;
        /** What the table's clock is ahead: near the end of its range, so that some deadlines lie past it. */
        private static final long CLOCK_AHEAD = Long.MAX_VALUE - 10_000;

        final Random random;
        final Cache cache;
        final HoldTable table = new HoldTable(1_000);
        long orders;
        final NaiveHolds naive;
        final Map<LeaseId, Long> latestDeadline = new HashMap<>();
        long now;

        int budget;
        private long epoch = 5;
        private int lives;
        Incarnation incarnation = new Incarnation(0, 0);

        History(long seed) {
            random = new Random(seed);
            cache = new Cache(2 + random.nextInt(25), random);
            naive = new NaiveHolds(cache);
            now = random.nextInt(10_000);
            begin();
            resize();
        }

        long clock() {
            return now + CLOCK_AHEAD;
        }

        void step() {
            now += random.nextInt(3) == 0 ? random.nextInt(200) : 0;
            switch (random.nextInt(12)) {
                case 0 -> tick();
                case 1 -> release();
                case 2 -> evict();
                case 3 -> cache.store(1L + random.nextInt(cache.size()));
                case 4 -> {
                    int most = random.nextInt(cache.size() + 1);
                    assertEquals(naive.yieldTo(most), table.yieldTo(KvTier.DEVICE, most));
                }
                case 5 -> rarely();
                default -> hold(randomHold(), random.nextInt(15) == 0 ? new Incarnation(9, 9) : incarnation);
            }
        }

        void tick() {
            assertEquals(naive.tick(now), table.tick(clock()));
        }

        private void rarely() {
            switch (random.nextInt(6)) {
                case 0 -> begin();
                case 1 -> resize();
                case 2 -> epoch++;
                default -> {}
            }
        }

        private void begin() {
            incarnation = new Incarnation(0, ++lives);
            assertEquals(naive.begin(incarnation), table.begin(incarnation));
        }

        private void resize() {
            budget = random.nextInt(cache.size() + 2);
            assertEquals(naive.resize(budget), table.resize(KvTier.DEVICE, budget));
        }

        Grant hold(Hold asked, Incarnation named) {
            NaiveHolds.Outcome expected = naive.hold(asked, named, now);
            Grant grant = table.hold(asked, ++orders, named, clock(), cache);
            assertEquals(expected, new NaiveHolds.Outcome(grant.receipt(), grant.changes()));
            boolean kept = grant.receipt() instanceof Receipt.Accepted || grant.receipt() instanceof Receipt.Bounded;
            assertEquals(kept, grant.number() != 0);
            if (kept) {
                latestDeadline.put(asked.lease(), now + asked.remaining().toNanos());
            }
            return grant;
        }

        private void release() {
            LeaseId lease = lease();
            Epoch old = new Epoch(epoch - random.nextInt(2));
            assertEquals(naive.release(lease, old), table.release(lease, old, ++orders));
        }

        private void evict() {
            long[] gone = cache.evict(1L + random.nextInt(cache.size()));
            Map<LeaseId, Integer> left = new HashMap<>();
            for (HoldChange change : table.evicted(KvTier.DEVICE, gone)) {
                assertEquals(HoldEnd.EVICTED, change.reason());
                Prefix prefix = change.left();
                assertEquals(null, left.put(change.lease(), prefix == null ? 0 : prefix.blocks()), "told twice");
            }
            assertEquals(naive.evicted(), left);
        }

        void compare() {
            assertEquals(naive.blocks(), table.blocks(KvTier.DEVICE));
            tick();
            assertEquals(
                    naive.holds.stream()
                            .collect(Collectors.toMap(
                                    one -> one.hold().lease(),
                                    one -> List.of(naive.prefix(one), one.deadline() - now))),
                    table.holds(clock()).stream()
                            .collect(Collectors.toMap(
                                    Hold::lease,
                                    hold -> List.of(
                                            hold.prefix(), hold.remaining().toNanos()))));
            assertEquals(
                    naive.holds.stream()
                            .mapToLong(one -> one.deadline() + CLOCK_AHEAD)
                            .reduce((one, other) -> one - other < 0 ? one : other),
                    table.nextDeadlineNanos());
        }

        Hold randomHold() {
            long tail = 1L + random.nextInt(cache.size());
            Prefix right = cache.prefix(tail);
            boolean wrongDepth = random.nextInt(30) == 0;
            return new Hold(
                    lease(),
                    new Epoch(epoch),
                    wrongDepth ? new Prefix(right.blocks() + 1, new SequenceHash(tail)) : right,
                    RetentionClass.HISTORY,
                    KvTier.DEVICE,
                    random.nextInt(3),
                    random.nextInt(4),
                    Duration.ofNanos(1 + random.nextInt((int) LONGEST_NANOS)));
        }

        private LeaseId lease() {
            return new LeaseId(0, random.nextInt(8));
        }
    }
}
