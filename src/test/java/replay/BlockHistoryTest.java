package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BlockHistoryTest {

    @Test
    void aBlockIsColdOnceThenEvictedOrElsewhere() {
        BlockHistory history = new BlockHistory();
        assertEquals(BlockHistory.Cause.COLD, history.computed(5));
        assertEquals(BlockHistory.Cause.PLACEMENT, history.computed(5));
        history.dropped(5);
        assertEquals(BlockHistory.Cause.PLACEMENT, history.computed(5));
        history.dropped(5);
        history.dropped(5);
        assertEquals(BlockHistory.Cause.EVICTION, history.computed(5));
    }

    @Test
    void growsWithoutForgetting() {
        BlockHistory history = new BlockHistory();
        for (long block = 0; block < 200_000; block++) {
            assertEquals(BlockHistory.Cause.COLD, history.computed(block));
        }
        for (long block = 0; block < 200_000; block++) {
            assertEquals(BlockHistory.Cause.PLACEMENT, history.computed(block));
        }
    }
}
