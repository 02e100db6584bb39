package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TurnId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import kv.PromptBlocks;
import kv.WorkerId;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import testkit.Transfers;
import workers.status.AnswerExtras;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;

/** Workers have 100 blocks of 1,000 tokens here; answers are expected to fill one block. */
class RoomForReturnTest {
    private static final int BLOCK = 1000;
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final WorkerId A = new WorkerId("http://a");
    private static final WorkerId B = new WorkerId("http://b");
    private static final EngineFacts FACTS =
            new EngineFacts(List.of("m"), BLOCK, 100, 8192, 256, 200_000, EngineCapabilities.NONE);

    private final RoomForReturn pauses = policy(0.3);

    private static RoomForReturn policy(double memoryPrice) {
        return new RoomForReturn(
                new PauseSettings("leases", memoryPrice, PATIENCE, 3, 1.5), TimingModel.MEASURED, Transfers.MODEL);
    }

    /** A session's turn with its own first block, or the one that all share, then its own. */
    private static RouteRequest turn(String id, long session, int blocks, boolean shared) {
        long[] chain = new long[blocks];
        for (int i = 0; i < blocks; i++) {
            chain[i] = shared && i < 10 ? i + 1 : session * 1000 + i;
        }
        return new RouteRequest(
                new TurnId(id),
                "m",
                session,
                PromptBlocks.of(BLOCK, chain),
                blocks * BLOCK,
                BLOCK,
                0,
                0,
                null,
                0,
                KeptPrefix.NOTHING,
                AnswerExtras.NONE,
                RouteRequest.NOBODY);
    }

    private static PausePolicy.Room room(WorkerId worker, int used, RouteRequest turn) {
        return new PausePolicy.Room(worker, FACTS, used, turn.promptBlocks());
    }

    private static long nanos(double seconds) {
        return (long) (seconds * 1e9);
    }

    private void run(RouteRequest turn, double from, double to, boolean callsTools) {
        pauses.arrived(turn, nanos(from));
        pauses.placed(turn, room(A, 0, turn), nanos(from));
        pauses.ended(turn.turn(), callsTools, nanos(to));
    }

    private boolean admits(RouteRequest turn, WorkerId worker, double waited, double now) {
        return pauses.admits(turn, room(worker, 0, turn), Duration.ofNanos(nanos(waited)), nanos(now));
    }

    @Test
    void aSessionThatIsAwayKeepsItsRoomAndGoesOnWhenItIsBack() {
        run(turn("1", 1, 60, false), 0, 5, true);
        RouteRequest other = turn("2", 2, 60, false);
        RouteRequest next = turn("3", 1, 62, false);

        assertFalse(admits(other, A, 0, 6));
        assertTrue(admits(other, B, 0, 6));
        assertEquals(60, pauses.claimedBlocks(other, A));
        assertEquals(0, pauses.claimedBlocks(next, A));
        assertTrue(pauses.expects(next, A));
        assertTrue(pauses.admits(next, room(A, 90, next), Duration.ZERO, nanos(6)));

        pauses.placed(next, room(A, 0, next), nanos(6));
        assertEquals(0, pauses.claimedBlocks(other, A));
    }

    @Test
    void whatFitsBesideThoseThatAreAwayIsAdmitted() {
        run(turn("1", 1, 60, false), 0, 5, true);
        assertTrue(admits(turn("2", 2, 39, false), A, 0, 6));
        assertFalse(admits(turn("3", 3, 40, false), A, 0, 6));
    }

    @Test
    void blocksThatPromptsShareCountOnce() {
        run(turn("1", 1, 40, true), 0, 5, true);
        run(turn("2", 2, 40, true), 0, 5, true);
        assertEquals(70, pauses.claimedBlocks(turn("3", 3, 20, false), A));
        assertEquals(60, pauses.claimedBlocks(turn("4", 4, 20, true), A));
    }

    @Test
    void aSessionThatCallsNoToolsClaimsNothing() {
        run(turn("1", 1, 60, false), 0, 5, false);
        assertTrue(admits(turn("2", 2, 60, false), A, 0, 6));
    }

    @Test
    void claimsEndWhenTheyAreNotWorthIt() {
        run(turn("1", 1, 60, false), 0, 5, true);
        RouteRequest other = turn("2", 2, 60, false);
        assertFalse(pauses.tick(nanos(5.5)));
        assertTrue(pauses.tick(nanos(3600)));
        assertTrue(admits(other, A, 0, 3600));

        RoomForReturn dear = policy(1e6);
        RouteRequest turn = turn("3", 3, 60, false);
        dear.placed(turn, room(A, 0, turn), 0);
        dear.ended(turn.turn(), true, nanos(5));
        assertEquals(0, dear.claimedBlocks(other, A));
    }

    @Test
    void claimsAreShorterWhereATierBelowTheDeviceCatchesTheContext() {
        ColderTiers host = new ColderTiers(1_000, 0, true, true, false);
        EngineFacts tiered = new EngineFacts(
                List.of("m"), BLOCK, 100, 8192, 256, 200_000, new EngineCapabilities(true, null, 0, host));
        List<Boolean> claims = new ArrayList<>();
        for (EngineFacts facts : List.of(FACTS, tiered)) {
            RoomForReturn policy = policy(0.3);
            RouteRequest turn = turn("1", 1, 60, false);
            policy.placed(turn, new PausePolicy.Room(A, facts, 0, 60), 0);
            policy.ended(turn.turn(), true, nanos(5));
            policy.tick(nanos(5 + 6));
            claims.add(policy.claimedBlocks(turn("2", 2, 5, false), A) > 0);
        }
        assertEquals(List.of(true, false), claims);
    }

    @Test
    void sessionsThatStayAwayLongAreNotWaitedFor() {
        long[] claimed = new long[2];
        for (int kind = 0; kind < 2; kind++) {
            RoomForReturn learned = policy(0.3);
            double gap = kind == 0 ? 1 : 900;
            double now = 0;
            for (int i = 1; i <= 50; i++) {
                RouteRequest turn = turn("t" + i, 1, 20 + i, false);
                learned.tick(nanos(now));
                learned.arrived(turn, nanos(now));
                learned.placed(turn, room(A, 0, turn), nanos(now));
                learned.ended(turn.turn(), true, nanos(now + 5));
                now += 5 + gap;
            }
            claimed[kind] = learned.claimedBlocks(turn("other", 2, 5, false), A);
        }
        assertTrue(claimed[0] > 0);
        assertEquals(0, claimed[1]);
    }

    @Test
    void nobodyWaitsLongerThanThePatienceAndClaimsYieldThen() {
        run(turn("1", 1, 60, false), 0, 5, true);
        RouteRequest other = turn("2", 2, 60, false);
        assertFalse(admits(other, A, (double) PATIENCE.toSeconds(), 6));
        assertTrue(admits(other, A, (double) PATIENCE.toSeconds() + 1, 6));
        pauses.placed(other, room(A, 0, other), nanos(6));
        assertEquals(0, pauses.claimedBlocks(turn("3", 3, 5, false), A));
    }

    @Test
    void aReturnedTurnThatHasToWaitKeepsItsClaim() {
        run(turn("1", 1, 60, false), 0, 5, true);
        RouteRequest next = turn("3", 1, 62, false);
        pauses.arrived(next, nanos(6));
        pauses.tick(nanos(6 + (double) PATIENCE.toSeconds() - 1));
        assertTrue(pauses.expects(next, A));
        pauses.tick(nanos(6 + (double) PATIENCE.toSeconds() + 1));
        assertFalse(pauses.expects(next, A));
    }

    /** Over any history, claims at a worker are the distinct blocks of the last prompts of sessions that may still be there. */
    @Property(tries = 60)
    void claimsAreWhatAbsentSessionsLeftThere(@ForAll @IntRange(min = 1, max = 1_000_000) int seed) {
        Random random = new Random(seed);
        RoomForReturn policy = policy(0);
        Map<Long, RouteRequest> running = new HashMap<>();
        Map<Long, RouteRequest> away = new HashMap<>();
        double now = 0;
        for (int step = 0; step < 60; step++) {
            now += random.nextDouble() * 3;
            long session = 1L + random.nextInt(6);
            RouteRequest runs = running.remove(session);
            if (runs != null) {
                policy.ended(runs.turn(), true, nanos(now));
                away.put(session, runs);
            } else {
                RouteRequest before = away.get(session);
                int blocks = before == null ? 10 + random.nextInt(8) : before.promptBlocks() + random.nextInt(2);
                RouteRequest turn = turn("t" + step, session, Math.min(blocks, 20), true);
                policy.arrived(turn, nanos(now));
                policy.placed(turn, new PausePolicy.Room(A, FACTS, 0, 0), nanos(now));
                running.put(session, turn);
                away.remove(session);
            }
            Set<Long> expected = new java.util.HashSet<>();
            away.values().forEach(turn -> {
                for (long hash : turn.blocks().toArray()) {
                    expected.add(hash);
                }
            });
            assertEquals(expected.size(), policy.claimedBlocks(turn("probe", 99, 1, false), A));
        }
        List<RouteRequest> left = new ArrayList<>(away.values());
        left.forEach(turn -> assertTrue(policy.expects(turn, A)));
    }
}
