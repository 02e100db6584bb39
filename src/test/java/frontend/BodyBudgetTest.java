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
    private final BodyBudget budget = new BodyBudget(100);

    @Test
    void whoFindsNoRoomWaitsBehindThoseWhoAskedBefore() {
        BodyBudget.Share first = budget.ask(60);
        BodyBudget.Share large = budget.ask(50);
        BodyBudget.Share small = budget.ask(10);
        assertTrue(first.held());
        assertFalse(large.held() || small.held(), "40 are free, but the large one is first");
        assertFalse(large.granted().toCompletableFuture().isDone());
        first.close();
        assertTrue(large.granted().toCompletableFuture().join());
        assertTrue(small.granted().toCompletableFuture().join());
        assertEquals(40, budget.free());
    }

    @Test
    void whoGivesUpIsToldAndHoldsUpNobody() {
        BodyBudget.Share first = budget.ask(60);
        BodyBudget.Share large = budget.ask(50);
        BodyBudget.Share small = budget.ask(10);
        large.close();
        assertFalse(large.granted().toCompletableFuture().join());
        assertTrue(small.held());
        first.close();
        small.close();
        assertEquals(100, budget.free());
    }

    @Test
    void moreIsTakenAtOnceOrNotAtAll() {
        BodyBudget.Share unknown = budget.ask(0);
        assertTrue(unknown.more(70));
        assertFalse(unknown.more(31));
        assertTrue(unknown.more(30));
        assertFalse(budget.ask(1).more(1), "what waits has nothing yet");
        unknown.close();
        assertFalse(unknown.more(1), "what was given back takes nothing");
        assertEquals(99, budget.free());
    }

    @Test
    void nobodyAsksForMoreThanThereEverIs() {
        assertThrows(IllegalArgumentException.class, () -> budget.ask(101));
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
                    open.add(budget.ask(random.nextInt(101)));
                } else if (what == 2) {
                    open.get(random.nextInt(open.size())).more(random.nextInt(40));
                } else {
                    BodyBudget.Share closed = open.remove(random.nextInt(open.size()));
                    closed.close();
                    closed.close();
                }
                assertTrue(budget.free() >= 0 && budget.free() <= 100, "free: " + budget.free());
            }
            open.forEach(BodyBudget.Share::close);
            assertEquals(100, budget.free());
        }
    }
}
