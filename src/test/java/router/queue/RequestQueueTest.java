package router.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TurnId;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestQueueTest {
    private static final long SECOND = 1_000_000_000L;

    private static RequestQueue<String> queue(QueuePolicy policy) {
        return new RequestQueue<>(new QueueSettings(policy, 0.001, 4, Duration.ofSeconds(30), Duration.ofSeconds(10)));
    }

    private static List<String> order(RequestQueue<String> queue) {
        return queue.snapshot().stream().map(RequestQueue.Waiting::request).toList();
    }

    @Test
    void strictPriorityGoesBeforeEverything() {
        RequestQueue<String> queue = queue(QueuePolicy.FCFS);
        queue.offer(new TurnId("a"), "early", 100, 0, 1, 0, 0);
        queue.offer(new TurnId("b"), "strict", 0, 1, 1, 5 * SECOND, 5 * SECOND);

        assertEquals(List.of("strict", "early"), order(queue));
    }

    @Test
    void aUnitOfPriorityIsWorthASecondOfWaitingUnderFcfs() {
        RequestQueue<String> queue = queue(QueuePolicy.FCFS);
        queue.offer(new TurnId("a"), "first", 0, 0, 1, 0, 0);
        queue.offer(new TurnId("b"), "urgent", 3, 0, 1, 2 * SECOND, 2 * SECOND);
        queue.offer(new TurnId("c"), "later", 3, 0, 1, 4 * SECOND, 4 * SECOND);
        queue.offer(new TurnId("d"), "same as first", 0, 0, 1, 0, 0);

        assertEquals(List.of("urgent", "first", "same as first", "later"), order(queue));
    }

    @Test
    void wsptPrefersLittleUncachedWorkAndLcfsTheNewest() {
        RequestQueue<String> wspt = queue(QueuePolicy.WSPT);
        wspt.offer(new TurnId("a"), "long", 0, 0, 10_000, 0, 0);
        wspt.offer(new TurnId("b"), "short", 0, 0, 100, SECOND, SECOND);
        wspt.offer(new TurnId("c"), "long but important", 999, 0, 10_000, SECOND, SECOND);
        assertEquals(List.of("long but important", "short", "long"), order(wspt));

        RequestQueue<String> lcfs = queue(QueuePolicy.LCFS);
        lcfs.offer(new TurnId("a"), "old", 0, 0, 1, 0, 0);
        lcfs.offer(new TurnId("b"), "new", 0, 0, 1, SECOND, SECOND);
        assertEquals(List.of("new", "old"), order(lcfs));
    }

    @Test
    void edfPutsCachedTurnsFirstUntilAColdOnesSlackIsUsedUp() {
        RequestQueue<String> edf = queue(QueuePolicy.EDF);
        edf.offer(new TurnId("a"), "cold, 10 s of slack", 0, 0, 10_000, 0, 0);
        edf.offer(new TurnId("b"), "cached", 0, 0, 0, 5 * SECOND, 5 * SECOND);
        edf.offer(new TurnId("c"), "cached but late", 0, 0, 0, 11 * SECOND, 11 * SECOND);
        assertEquals(List.of("cached", "cold, 10 s of slack", "cached but late"), order(edf));
    }

    @Test
    void aNewCountOfUncachedTokensMovesATurn() {
        RequestQueue<String> queue = queue(QueuePolicy.WSPT);
        queue.offer(new TurnId("a"), "evicted meanwhile", 0, 0, 10, 0, 0);
        queue.offer(new TurnId("b"), "steady", 0, 0, 100, 0, 0);
        RequestQueue.Waiting<String> first = queue.snapshot().get(0);
        assertFalse(queue.stale(first, 10 * SECOND));
        assertTrue(queue.stale(first, 11 * SECOND));

        queue.rekey(first, 1_000, 11 * SECOND);

        assertEquals(List.of("steady", "evicted meanwhile"), order(queue));
        assertFalse(queue.stale(first, 12 * SECOND));
    }

    @Test
    void isBoundedInNumber() {
        RequestQueue<String> queue = queue(QueuePolicy.FCFS);
        for (int i = 0; i < 4; i++) {
            assertTrue(queue.offer(new TurnId("t" + i), "turn", 0, 0, 1, 0, 0));
        }
        assertFalse(queue.offer(new TurnId("more"), "turn", 0, 0, 1, 0, 0));

        assertEquals("turn", queue.remove(new TurnId("t2")));
        assertNull(queue.remove(new TurnId("t2")));
        assertTrue(queue.offer(new TurnId("more"), "turn", 0, 0, 1, 0, 0));
    }

    @Test
    void isBoundedInTime() {
        RequestQueue<String> queue = queue(QueuePolicy.FCFS);
        queue.offer(new TurnId("a"), "old", 0, 0, 1, 0, 0);
        queue.offer(new TurnId("b"), "young", 50, 0, 1, 10 * SECOND, 10 * SECOND);

        assertEquals(List.of(), queue.expire(30 * SECOND));
        assertEquals(
                List.of("old"),
                queue.expire(31 * SECOND).stream()
                        .map(RequestQueue.Waiting::request)
                        .toList());
        assertEquals(List.of("young"), order(queue));
    }
}
