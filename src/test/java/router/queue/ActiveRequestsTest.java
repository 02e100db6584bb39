package router.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TurnId;
import kv.PromptBlocks;
import org.junit.jupiter.api.Test;

class ActiveRequestsTest {
    private static final long MILLI = 1_000_000L;
    private static final TurnId FIRST = new TurnId("first");
    private static final TurnId SECOND = new TurnId("second");

    private final ActiveRequests active = new ActiveRequests(10);
    private final int slot = active.openSlot();

    @Test
    void prefillIsChargedUntilTheFirstTokenAndBlocksUntilTheEnd() {
        active.start(FIRST, slot, PromptBlocks.of(16, 1, 2, 3), 1, 4, 50, 0, 100, 0);
        active.start(SECOND, slot, PromptBlocks.of(16, 1, 2, 4), 0, 1, 16, 0, 40, 0);
        assertEquals(2, active.requests(slot));
        assertEquals(66, active.prefillTokens(slot));
        assertEquals(5, active.blocks(slot), "blocks 1 to 4 and a private one");

        assertTrue(active.firstToken(FIRST, 90 * MILLI));
        assertFalse(active.firstToken(FIRST, 91 * MILLI));
        assertEquals(16, active.prefillTokens(slot));
        assertEquals(1, active.prefillingRequests(slot));

        assertTrue(active.finish(FIRST, 95 * MILLI));
        assertFalse(active.finish(FIRST, 95 * MILLI));
        assertEquals(3, active.blocks(slot));
        assertTrue(active.finish(SECOND, 99 * MILLI), "a turn may end without a token");
        assertEquals(0, active.prefillTokens(slot));
        assertEquals(0, active.blocks(slot));
        assertEquals(0, active.requests(slot));
    }

    @Test
    void predictedPrefillShrinksAsTimePasses() {
        active.start(FIRST, slot, PromptBlocks.of(16, 1), 0, 1, 16, 0, 100, 0);
        active.start(SECOND, slot, PromptBlocks.of(16, 2), 0, 1, 16, 0, 40, 20 * MILLI);
        assertEquals(120, active.prefillMillis(slot, 20 * MILLI));
        assertEquals(80, active.prefillMillis(slot, 60 * MILLI));

        active.firstToken(FIRST, 130 * MILLI);
        assertEquals(40, active.prefillMillis(slot, 130 * MILLI), "the first was slower than predicted");
        assertEquals(0, active.prefillMillis(slot, 200 * MILLI));
    }

    @Test
    void theFillRateFadesWithItsWindow() {
        active.start(FIRST, slot, PromptBlocks.of(16, 1), 0, 500, 16, 0, 1, 0);
        assertEquals(50, active.allocatedBlocksPerSecond(slot, 0));
        assertEquals(50 / Math.E, active.allocatedBlocksPerSecond(slot, 10_000 * MILLI), 1e-9);
    }

    @Test
    void theShareOfTimeToPrefillFadesWithTheWindowAndOutlivesTheTurns() {
        active.start(FIRST, slot, PromptBlocks.of(16, 1), 0, 1, 16, 0, 4_000, 0);
        active.firstToken(FIRST, 0);
        active.finish(FIRST, 0);
        assertEquals(0.4, active.prefillShare(slot, 0), 1e-9, "4 s in a window of 10 s");
        assertEquals(0.4 / Math.E, active.prefillShare(slot, 10_000 * MILLI), 1e-9);

        active.start(SECOND, slot, PromptBlocks.of(16, 2), 0, 1, 16, 0, 12_000, 10_000 * MILLI);
        assertEquals(
                1.2 + 0.4 / Math.E, active.prefillShare(slot, 10_000 * MILLI), 1e-9, "more than there is time for");
        active.closeSlot(slot);
        assertEquals(0, active.prefillShare(active.openSlot(), 10_000 * MILLI));
    }

    @Test
    void loadsAreWaitedForButAreNoPrefill() {
        active.start(FIRST, slot, PromptBlocks.of(16, 1), 0, 1, 16, 300, 4_000, 0);
        assertEquals(4_300, active.prefillMillis(slot, 0));
        assertEquals(0.4, active.prefillShare(slot, 0), 1e-9);
    }

    @Test
    void aPrefillThatIsBrokenOffIsTakenBackWhateverHasComeSince() {
        active.start(FIRST, slot, PromptBlocks.of(16, 1), 0, 1, 16, 0, 4_000, 0);
        active.start(SECOND, slot, PromptBlocks.of(16, 2), 0, 1, 16, 0, 2_000, 5_000 * MILLI);
        active.finish(FIRST, 8_000 * MILLI);
        assertEquals(0.2 * Math.exp(-0.3), active.prefillShare(slot, 8_000 * MILLI), 1e-9);
        active.finish(SECOND, 8_000 * MILLI);
        assertEquals(0, active.prefillShare(slot, 8_000 * MILLI), 1e-9);
    }

    @Test
    void aClosedSlotForgetsItsTurnsOnly() {
        int other = active.openSlot();
        active.start(FIRST, slot, PromptBlocks.of(16, 1, 2), 0, 2, 32, 0, 1, 0);
        active.start(SECOND, other, PromptBlocks.of(16, 1, 2), 0, 2, 32, 0, 1, 0);

        active.closeSlot(slot);

        assertFalse(active.finish(FIRST, 0));
        assertEquals(slot, active.openSlot());
        assertEquals(0, active.blocks(slot));
        assertEquals(2, active.sharedBlocks(PromptBlocks.of(16, 1, 2)).inFlight(other));
        assertEquals(0, active.sharedBlocks(PromptBlocks.of(16, 1, 2)).inFlight(slot));
    }
}
