package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BodyBudgetTest {
    /** Twice what takes no room. */
    private static final long U = 2 * BodyBudget.SMALL_BYTES;

    private final BodyBudget budget = new BodyBudget(100 * U);

    @Test
    void whoFindsNoRoomWaitsBehindThoseWhoAskedBefore() {
        BodyBudget.Share first = budget.ask(60 * U);
        BodyBudget.Share large = budget.ask(50 * U);
        BodyBudget.Share small = budget.ask(10 * U);
        assertTrue(first.held());
        assertFalse(large.held() || small.held(), "40 are free, but the large one is first");
        assertFalse(large.granted().toCompletableFuture().isDone());
        first.close();
        assertTrue(large.granted().toCompletableFuture().join());
        assertTrue(small.granted().toCompletableFuture().join());
        assertEquals(40 * U, budget.free());
    }

    @Test
    void whoGivesUpIsToldAndHoldsUpNobody() {
        BodyBudget.Share first = budget.ask(60 * U);
        BodyBudget.Share large = budget.ask(50 * U);
        BodyBudget.Share small = budget.ask(10 * U);
        large.close();
        assertFalse(large.granted().toCompletableFuture().join());
        assertTrue(small.held());
        first.close();
        small.close();
        assertEquals(100 * U, budget.free());
    }

    @Test
    void whatComesUnannouncedIsTakenAtOnceOrNotAtAll() {
        BodyBudget.Share unknown = budget.ask(0);
        assertTrue(unknown.came(70 * U));
        assertFalse(unknown.came(30 * U + 1));
        unknown.close();
        assertFalse(unknown.came(1), "what was given back takes nothing");
        assertEquals(100 * U, budget.free());
    }

    @Test
    void whatComesUnannouncedOvertakesNobodyWhoWaits() {
        BodyBudget.Share first = budget.ask(60 * U);
        BodyBudget.Share waits = budget.ask(50 * U);
        assertFalse(budget.ask(0).came(10 * U));
        first.close();
        assertTrue(waits.held());
        assertTrue(budget.ask(0).came(10 * U));
    }

    @Test
    void smallBodiesWaitForNobody() {
        BodyBudget.Share first = budget.ask(100 * U);
        BodyBudget.Share waits = budget.ask(U);
        assertTrue(budget.ask(BodyBudget.SMALL_BYTES)
                .granted()
                .toCompletableFuture()
                .join());
        assertTrue(budget.ask(0).came(BodyBudget.SMALL_BYTES));
        BodyBudget.Share grows = budget.ask(0);
        assertTrue(grows.came(BodyBudget.SMALL_BYTES));
        assertFalse(grows.came(1), "it is small no longer");
        assertFalse(waits.held());
        first.close();
        assertEquals(99 * U, budget.free());
    }

    @Test
    void nobodyAsksForMoreThanThereEverIs() {
        assertThrows(IllegalArgumentException.class, () -> budget.ask(100 * U + 1));
        assertThrows(IllegalArgumentException.class, () -> budget.ask(-1));
    }

    @Test
    void whateverHappensNoMoreIsGivenOutThanThereIsAndAllComesBack() {
        Random random = new Random(11);
        for (int round = 0; round < 300; round++) {
            List<BodyBudget.Share> open = new ArrayList<>();
            for (int step = 0; step < 60; step++) {
                int what = random.nextInt(4);
                if (what < 2 || open.isEmpty()) {
                    open.add(budget.ask(random.nextInt(4) == 0 ? random.nextInt((int) U) : random.nextInt(101) * U));
                } else if (what == 2) {
                    open.get(random.nextInt(open.size())).came(random.nextInt(40) * U / 2);
                } else {
                    BodyBudget.Share closed = open.remove(random.nextInt(open.size()));
                    closed.close();
                    closed.close();
                }
                assertTrue(budget.free() >= 0 && budget.free() <= 100 * U, "free: " + budget.free());
            }
            open.forEach(BodyBudget.Share::close);
            assertEquals(100 * U, budget.free());
        }
    }
}
