package router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TurnId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import kv.PromptBlocks;
import kv.WorkerId;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import testkit.Transfers;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;

/** Workers have 100,000 tokens here, and a turn's answer is expected to have 100; 100 are added for each session. */
class PublishedPausesTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int CAPACITY = 100_000;
    private static final WorkerId A = new WorkerId("http://a");
    private static final EngineFacts FACTS =
            new EngineFacts(List.of("m"), 100, CAPACITY / 100, 8192, 256, 200_000, EngineCapabilities.NONE);

    private static PausePolicy create(String policy) {
        return PausePolicies.create(
                new PauseSettings(policy, 1, Duration.ofMinutes(5), 3, 1.5), TimingModel.MEASURED, Transfers.MODEL);
    }

    private final PausePolicy pauses = create("pause-resume");

    /** A turn of a session of the given size, all told. */
    private static RouteRequest turn(String id, long session, int tokens) {
        return new RouteRequest(
                new TurnId(id),
                "m",
                session,
                PromptBlocks.of(100),
                tokens - 200,
                100,
                0,
                0,
                null,
                0,
                KeptPrefix.NOTHING,
                AnswerExtras.NONE,
                RouteRequest.NOBODY);
    }

    private static boolean admits(PausePolicy pauses, RouteRequest turn, double waited, double now) {
        PausePolicy.Room room = new PausePolicy.Room(A, FACTS, 0, 0);
        return pauses.admits(turn, room, Duration.ofMillis((long) (waited * 1000)), nanos(now));
    }

    private static long nanos(double seconds) {
        return (long) (seconds * SECOND);
    }

    private void run(long session, int tokens, double now) {
        RouteRequest turn = turn("t" + session, session, tokens);
        pauses.arrived(turn, nanos(now));
        assertTrue(admits(pauses, turn, 0, now), "session " + session);
        pauses.placed(turn, new PausePolicy.Room(A, FACTS, 0, 0), nanos(now));
    }

    private void act(long session, double now) {
        pauses.ended(new TurnId("t" + session), true, nanos(now));
    }

    @Test
    void aNewSessionWaitsUntilThereIsRoomForItBelow85Percent() {
        run(1, 30_000, 0);
        run(2, 30_000, 0);
        RouteRequest third = turn("t3", 3, 30_000);
        pauses.arrived(third, nanos(1));
        assertFalse(admits(pauses, third, 0, 1), "60,000 and 30,000 are more than 85,000");

        act(1, 1);
        assertFalse(admits(pauses, third, 3, 4), "nobody has looked yet");
        assertFalse(pauses.tick(nanos(4.9)));
        // Of the acting session's 30,000 a sixteenth is left after four seconds.
        assertTrue(pauses.tick(nanos(5)));
        assertTrue(admits(pauses, third, 4, 5));
    }

    @Test
    void anotherNewSessionWaitsBehindOneThatIsPausedEvenIfItWouldFit() {
        run(1, 80_000, 0);
        RouteRequest large = turn("t2", 2, 60_000);
        RouteRequest small = turn("t3", 3, 1_000);
        pauses.arrived(large, nanos(1));
        pauses.arrived(small, nanos(2));
        assertFalse(admits(pauses, small, 0, 2));
        pauses.tick(nanos(5));
        assertTrue(admits(pauses, small, 3, 5), "the smallest are resumed first");
        assertFalse(admits(pauses, large, 4, 5));
    }

    @Test
    void aFullWorkerPausesTheSmallestActingSessionsFirst() {
        run(1, 20_000, 0);
        run(2, 30_000, 0);
        act(1, 1);
        act(2, 1);
        run(3, 45_000, 4.99);
        act(3, 4.99);

        pauses.tick(nanos(5));

        RouteRequest first = turn("next1", 1, 20_000);
        RouteRequest second = turn("next2", 2, 30_000);
        pauses.arrived(first, nanos(5));
        pauses.arrived(second, nanos(5));
        assertFalse(admits(pauses, first, 0, 5), "95,000 tokens; without its 20,000 they are below 80,000");
        assertTrue(admits(pauses, second, 0, 5));
        assertTrue(admits(pauses, first, 1800, 1805), "nobody waits for ever");
    }

    @Test
    void aReasoningSessionIsPausedOnlyWhenItsTurnIsOver() {
        run(1, 40_000, 0);
        run(2, 44_000, 0);
        RouteRequest grown = turn("more", 2, 60_000);
        pauses.arrived(grown, nanos(1));
        pauses.placed(grown, new PausePolicy.Room(A, FACTS, 0, 0), nanos(1));
        pauses.tick(nanos(5));
        act(1, 6);

        RouteRequest next = turn("next1", 1, 40_000);
        pauses.arrived(next, nanos(7));
        assertFalse(admits(pauses, next, 0, 7));
    }

    @Property(tries = 200)
    void afterALookNoWorkersUnmarkedSessionsFillIt(@ForAll @IntRange(min = 0, max = 1_000_000) int seed) {
        Random random = new Random(seed);
        PausePolicy policy = create("pause-resume");
        Map<Long, RouteRequest> running = new HashMap<>();
        Map<Long, RouteRequest> waiting = new HashMap<>();
        Map<Long, Integer> acting = new HashMap<>();
        double now = 0;
        for (int step = 0; step < 300; step++) {
            now += random.nextDouble() * 3;
            long session = random.nextInt(12);
            RouteRequest turn = turn("t" + step, session, 1_000 + random.nextInt(40_000));
            if (running.containsKey(session)) {
                policy.ended(running.get(session).turn(), true, nanos(now));
                acting.put(session, running.remove(session).inputTokens() + 200);
            } else if (!waiting.containsKey(session)) {
                policy.arrived(turn, nanos(now));
                waiting.put(session, turn);
                acting.remove(session);
            }
            policy.tick(nanos(now));
            double at = now;
            waiting.values().removeIf(waits -> {
                if (admits(policy, waits, 0, at)) {
                    policy.placed(waits, new PausePolicy.Room(A, FACTS, 0, 0), nanos(at));
                    running.put(waits.affinity(), waits);
                    return true;
                }
                return false;
            });
        }
        // Everybody's turn ends; a look later those that may go on fit.
        double end = now + 1;
        running.forEach((session, turn) -> {
            policy.ended(turn.turn(), true, nanos(end));
            acting.put(session, turn.inputTokens() + 200);
        });
        policy.tick(nanos(end + 5));
        long active = 0;
        for (Map.Entry<Long, Integer> session : acting.entrySet()) {
            if (admits(policy, turn("probe", session.getKey(), 1_000), 0, end + 5)) {
                active += session.getValue();
            }
        }
        assertTrue(active < 0.95 * CAPACITY, active + " tokens of acting sessions may go on");
    }

    @Test
    void aTurnJoinsABatchOnlyIfThatDecodesMoreBesides() {
        PausePolicy gain = create("progress-ttl");
        for (int i = 0; i < 5; i++) {
            RouteRequest turn = turn("t" + i, i, 10_200);
            assertTrue(admits(gain, turn, 0, 0));
            gain.placed(turn, new PausePolicy.Room(A, FACTS, 0, 0), 0);
        }
        // (0.010635 + 1.4205e-7 · 50,000) / (5 · 1.4205e-7) = 24,973.6 tokens.
        assertTrue(admits(gain, turn("fits", 9, 24_973 + 200), 0, 0));
        assertFalse(admits(gain, turn("slows", 9, 24_974 + 200), 299, 299));
        assertTrue(admits(gain, turn("slows", 9, 24_974 + 200), 300, 300));
        for (int i = 0; i < 5; i++) {
            gain.ended(new TurnId("t" + i), true, 1);
        }
        assertTrue(admits(gain, turn("alone", 9, 99_000), 0, 1));
    }

    @Test
    void underContinuumTurnsCountAsArrivedWithTheirSession() {
        PausePolicy order = create("continuum");
        RouteRequest first = turn("a1", 1, 1_000);
        RouteRequest later = turn("b1", 2, 1_000);
        order.arrived(first, 10);
        order.arrived(later, 20);
        RouteRequest again = turn("a2", 1, 1_000);
        order.arrived(again, 90);
        assertEquals(10, order.orderNanos(again, 90));
        assertEquals(20, order.orderNanos(later, 20));
        assertEquals(70, order.orderNanos(turn("c1", 3, 1_000), 70), "it never arrived");
    }

    @Test
    void whoeverIsNotListedPausesNobody() {
        for (String name : List.of("none", "static-ttl:60s", "infercept", "kvflow")) {
            assertEquals(PausePolicy.NONE, create(name));
        }
    }
}
