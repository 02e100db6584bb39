package agents.plan;

import static agents.session.Conversation.START;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import agents.session.GapHint;
import agents.session.KeptPoint;
import agents.session.SessionEvent.SessionOpened;
import agents.session.SessionEvent.TurnCompleted;
import agents.session.SessionLimits;
import agents.session.SessionState;
import agents.session.TurnResult;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.SequenceHash;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import router.retention.LeaseTerms;
import workers.holds.CachedBlocks;
import workers.holds.HoldChange;
import workers.holds.HoldTable;

/** What the priority that a harness hints at does to what its sessions keep. */
class PriorityHintTest {
    private static final SessionLimits LIMITS = new SessionLimits(8, 8, 64, 8, 8);
    private static final String SYSTEM = "s:You are a careful agent that answers in few words.";
    private static final RetentionSettings SETTINGS = new RetentionSettings(
            "leases",
            0.9,
            0,
            Duration.ZERO,
            Duration.ofSeconds(5),
            Duration.ofMinutes(30),
            1,
            1024,
            0,
            3,
            1.5,
            new RetentionSettings.User(0.7, Duration.ofMinutes(5), 45, 1.5),
            Duration.ofMinutes(10));
    private static final Incarnation LIFE = new Incarnation(1, 1);
    private static final int BLOCKS = 2;

    /** Blocks 1 and 2 are one prefix, 11 and 12 another. */
    private static final CachedBlocks CACHED = new CachedBlocks() {
        @Override
        public boolean knows(long hash) {
            return true;
        }

        @Override
        public boolean contains(long hash, KvTier tier) {
            return tier == KvTier.DEVICE;
        }

        @Override
        public OptionalLong parent(long hash) {
            return hash % 10 == 1 ? OptionalLong.empty() : OptionalLong.of(hash - 1);
        }
    };

    private final SessionLeases leases = SessionLeases.of(SETTINGS, tokens -> tokens * 0.5);

    @ParameterizedTest
    @CsvSource({"5, 0", "0, 5", "0, -1", "-1, 0", "2000000000, 9", "9, 2000000000"})
    void underPressureTheSessionOfLowerPriorityGivesUpItsHoldFirst(int one, int other) {
        LeaseTerms first = waiting("session-1", one).get(0);
        LeaseTerms second = waiting("session-2", other).get(0);
        HoldTable table = new HoldTable(10);
        table.begin(LIFE);
        table.resize(KvTier.DEVICE, 2 * BLOCKS);
        assertEquals(new Receipt.Accepted(), hold(table, first, 2, 1));
        assertEquals(new Receipt.Accepted(), hold(table, second, 12, 2));

        List<LeaseId> yielded = table.yieldTo(KvTier.DEVICE, BLOCKS).stream()
                .map(HoldChange::lease)
                .toList();

        assertEquals(List.of(one < other ? first.id() : second.id()), yielded);
    }

    private static Receipt hold(HoldTable table, LeaseTerms terms, long tail, long order) {
        Hold asked = new Hold(
                terms.id(),
                new Epoch(1),
                new Prefix(BLOCKS, new SequenceHash(tail)),
                terms.retentionClass(),
                KvTier.DEVICE,
                terms.priority(),
                terms.density(),
                Duration.ofMinutes(1));
        return table.hold(asked, order, LIFE, 0, CACHED).receipt();
    }

    @Test
    void noPriorityMakesUpForAPrefixThatIsHardlyWorthItsMemory() {
        double plain = waiting("session-1", 0).get(0).density();
        double most = waiting("session-1", Integer.MAX_VALUE).get(0).density();
        double least = waiting("session-1", Integer.MIN_VALUE).get(0).density();

        assertTrue(most > 2 * plain && most < 3 * plain, most + " of " + plain);
        assertTrue(least < plain / 2 && least > plain / 3, least + " of " + plain);
    }

    @Test
    void itCountsForWhatASessionKeepsForItselfAndNotForWhatOthersReadToo() {
        List<LeaseTerms> plain = waiting("session-1", 0);
        List<LeaseTerms> urgent = waiting("session-1", 1);

        assertEquals(3, plain.size());
        for (int i = 0; i < plain.size(); i++) {
            boolean shared = i == 2;
            assertEquals(
                    plain.get(i).density() * (shared ? 1 : 1.1), urgent.get(i).density(), 1e-9);
            assertEquals(plain.get(i).priority(), urgent.get(i).priority());
        }
    }

    /** The line over its gap, a beginning that was marked, and the system prompt. */
    private List<LeaseTerms> waiting(String session, int priority) {
        SessionState state = SessionState.opened(
                new SessionOpened(TenantId.DEFAULT, new SessionId(session), null, START, null, null));
        TurnResult calling = Conversation.calling(List.of("bash"), "1", 0, 1, SYSTEM, "u:hello");
        int marked = calling.prompt().tip().blocks();
        TurnResult result = Conversation.with(
                calling,
                new GapHint(null, null, priority),
                new KeptPoint(marked, new SequenceHash(marked), 60_000, null));
        TurnCompleted ended = state.complete(result, Set.of()).orElseThrow();
        return leases.afterTurn(state, state.apply(ended, LIMITS), ended, result).stream()
                .map(LeaseAction.Ask.class::cast)
                .map(LeaseAction.Ask::terms)
                .toList();
    }
}
