package workers.holds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
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
import org.junit.jupiter.api.Test;

/** A hold moves to the host whole, by worth, when the device's room is wanted, or stays as it is. */
class HoldTableDemotionTest {
    private static final Incarnation LIFE = new Incarnation(0, 1);
    private static final Epoch EPOCH = new Epoch(1);
    private static final List<KvTier> MEMORY = List.of(KvTier.DEVICE, KvTier.HOST);

    /** Prompts without a common beginning: block n of prompt p is 100 p + n. */
    private static final CachedBlocks PROMPTS = new CachedBlocks() {
        @Override
        public boolean knows(long hash) {
            return hash > 100;
        }

        @Override
        public boolean contains(long hash, KvTier tier) {
            return true;
        }

        @Override
        public OptionalLong parent(long hash) {
            return hash % 100 == 1 ? OptionalLong.empty() : OptionalLong.of(hash - 1);
        }
    };

    private final HoldTable table = new HoldTable(100);
    private long orders;

    HoldTableDemotionTest() {
        table.begin(LIFE);
        table.resize(KvTier.DEVICE, 10);
        table.resize(KvTier.HOST, 10);
    }

    private void hold(int lease, int blocks, double density, List<KvTier> tiers) {
        Prefix prefix = new Prefix(blocks, new SequenceHash(100L * lease + blocks));
        Hold asked =
                new Hold(id(lease), EPOCH, prefix, RetentionClass.HISTORY, tiers, 50, density, Duration.ofNanos(1_000));
        assertEquals(
                new Receipt.Accepted(),
                table.hold(asked, ++orders, LIFE, 0, PROMPTS).receipt());
    }

    private Optional<Grant> demote(int lease, int sparedBlocks, long nowNanos) {
        return table.demote(id(lease), EPOCH, ++orders, sparedBlocks, nowNanos, PROMPTS);
    }

    private static LeaseId id(int lease) {
        return new LeaseId(0, lease);
    }

    @Test
    void itKeepsItsTimeAndItsWholePrefix() {
        hold(1, 6, 1, MEMORY);
        Grant moved = demote(1, 0, 400).orElseThrow();
        Prefix prefix = new Prefix(6, new SequenceHash(106));
        Duration left = Duration.ofNanos(600);
        assertEquals(new Receipt.Bounded(prefix, KvTier.HOST, left, Receipt.Reason.RENT), moved.receipt());
        assertEquals(moved.number(), table.grant(id(1)));
        assertEquals(0, table.blocks(KvTier.DEVICE));
        Hold held = table.find(id(1), 400).orElseThrow();
        assertEquals(KvTier.HOST, held.tier());
        assertEquals(left, held.remaining());
        assertEquals(1, table.tick(1_000).size(), "R1: at its old deadline");
        assertTrue(demote(1, 0, 1_000).isEmpty());
    }

    @Test
    void roomThatNobodyWantsCostsNothing() {
        hold(1, 4, 1, MEMORY);
        assertTrue(demote(1, 4, 0).isEmpty());
        assertTrue(demote(1, 3, 0).isPresent(), "running turns want some of it");

        hold(2, 4, 1, MEMORY);
        hold(3, 4, 1, MEMORY);
        assertTrue(demote(3, 50, 0).isPresent(), "the budget has room for two more blocks only");
    }

    @Test
    void theHostsLessDenseYieldAndItsDenserDoNot() {
        hold(1, 7, 2, MEMORY);
        assertTrue(demote(1, 0, 0).isPresent());
        hold(2, 4, 1, MEMORY);
        assertTrue(demote(2, 0, 0).isEmpty(), "what is worth more has the room");
        assertEquals(KvTier.DEVICE, table.find(id(2), 0).orElseThrow().tier());

        hold(3, 4, 3, MEMORY);
        Grant moved = demote(3, 0, 0).orElseThrow();
        assertEquals(List.of(new HoldChange(id(1), EPOCH, HoldEnd.REVOKED_FOR_DENSER, null)), moved.changes());
    }

    @Test
    void whatTheEngineDoesNotMoveIsOnTheDeviceAsBefore() {
        hold(1, 6, 1, MEMORY);
        Hold before = table.find(id(1), 400).orElseThrow();
        Grant moved = demote(1, 0, 400).orElseThrow();
        assertEquals(List.of(), table.stay(before, moved.number() - 1, 400, PROMPTS), "another grant's answer");
        assertEquals(0, table.blocks(KvTier.DEVICE));
        assertEquals(List.of(), table.stay(before, moved.number(), 400, PROMPTS));
        assertEquals(before, table.find(id(1), 400).orElseThrow());
        assertEquals(0, table.blocks(KvTier.HOST));
        assertTrue(demote(1, 0, 500).isPresent(), "another time");
    }

    @Test
    void whatTheDeviceGaveToDenserOnesMeanwhileIsLess() {
        hold(1, 6, 1, MEMORY);
        Hold before = table.find(id(1), 0).orElseThrow();
        Grant moved = demote(1, 0, 0).orElseThrow();
        hold(2, 6, 2, MEMORY);
        Prefix left = new Prefix(4, new SequenceHash(104));
        assertEquals(
                List.of(new HoldChange(id(1), EPOCH, HoldEnd.REVOKED_FOR_DENSER, left)),
                table.stay(before, moved.number(), 0, PROMPTS));
        assertEquals(left, table.find(id(1), 0).orElseThrow().prefix());

        Grant again = demote(1, 0, 0).orElseThrow();
        hold(3, 4, 2, MEMORY);
        assertEquals(
                List.of(new HoldChange(id(1), EPOCH, HoldEnd.REVOKED_FOR_DENSER, null)),
                table.stay(before, again.number(), 0, PROMPTS));
        assertTrue(table.find(id(1), 0).isEmpty());
    }

    @Test
    void aLeaseThatAllowsTheDeviceOnlyStays() {
        hold(1, 4, 1, List.of(KvTier.DEVICE));
        assertTrue(demote(1, 0, 0).isEmpty());
    }

    @Test
    void r3AnOvertakenOrderOfAnotherEpochOrOfAnUnknownLeaseChangesNothing() {
        hold(1, 4, 1, MEMORY);
        assertTrue(table.demote(id(1), EPOCH, orders - 1, 0, 0, PROMPTS).isEmpty());
        assertTrue(table.demote(id(1), new Epoch(2), ++orders, 0, 0, PROMPTS).isEmpty());
        assertTrue(demote(2, 0, 0).isEmpty());
        assertTrue(demote(1, 0, 0).isPresent());
    }

    @Property(tries = 2000)
    void itMovesWholeWithinTheBudgetOrNothingChanges(@ForAll long seed) {
        Random random = new Random(seed);
        Cache cache = new Cache(2 + random.nextInt(25), random);
        HoldTable mixed = new HoldTable(1_000);
        mixed.begin(LIFE);
        for (KvTier tier : MEMORY) {
            mixed.resize(tier, random.nextInt(cache.size() + 1));
        }
        for (int order = 1; order <= 60; order++) {
            if (random.nextBoolean()) {
                mixed.hold(random(random, cache), order, LIFE, order, cache);
                continue;
            }
            LeaseId lease = id(random.nextInt(8));
            Map<LeaseId, Hold> before = byLease(mixed, order);
            Optional<Grant> moved = mixed.demote(lease, EPOCH, order, 0, order, cache);
            Map<LeaseId, Hold> after = byLease(mixed, order);
            if (moved.isEmpty()) {
                assertEquals(before, after);
                continue;
            }
            Hold device = Objects.requireNonNull(before.get(lease));
            Hold there = Objects.requireNonNull(after.get(lease));
            assertEquals(KvTier.HOST, there.tier());
            assertTrue(there.prefix().blocks() >= device.prefix().blocks());
            assertEquals(device.remaining(), there.remaining());
            Set<LeaseId> ended =
                    moved.get().changes().stream().map(HoldChange::lease).collect(Collectors.toSet());
            for (Hold other : before.values()) {
                boolean weaker = other.tier() == KvTier.HOST && other.density() <= there.density();
                assertTrue(other.lease().equals(lease) || !ended.contains(other.lease()) || weaker);
                assertTrue(ended.contains(other.lease()) || after.containsKey(other.lease()));
            }
            assertTrue(mixed.blocks(KvTier.HOST) <= mixed.budget(KvTier.HOST));
        }
    }

    private static Map<LeaseId, Hold> byLease(HoldTable table, long now) {
        return table.holds(now).stream().collect(Collectors.toMap(Hold::lease, Function.identity()));
    }

    private static Hold random(Random random, Cache cache) {
        return new Hold(
                id(random.nextInt(8)),
                EPOCH,
                cache.prefix(1L + random.nextInt(cache.size())),
                RetentionClass.HISTORY,
                random.nextInt(3) == 0 ? List.of(KvTier.HOST) : MEMORY,
                random.nextInt(3),
                random.nextInt(4),
                Duration.ofHours(1));
    }
}
