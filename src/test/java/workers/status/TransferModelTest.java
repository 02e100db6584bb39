package workers.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class TransferModelTest {
    private static final TransferModel MODEL = new TransferModel(1_000, 100, 1e6, 5e5, 2e6);

    @Test
    void eachTierIsLoadedOverItsOwnLinkOneAfterTheOther() {
        assertEquals(1.0, MODEL.loadMillis(10, 0, 0), 1e-9);
        assertEquals(2.0, MODEL.loadMillis(0, 10, 0), 1e-9);
        assertEquals(0.5, MODEL.loadMillis(0, 0, 10), 1e-9);
        assertEquals(3.5, MODEL.loadMillis(10, 10, 10), 1e-9);
        assertEquals(0.5, MODEL.pullMillis(10), 1e-9);
    }

    @Test
    void fasterTimingMakesLinksFasterAndStorageNot() {
        TransferModel faster = MODEL.faster(10);
        assertEquals(0.1, faster.loadMillis(10, 0, 0), 1e-9);
        assertEquals(2_000, MODEL.copyMillis(2_000), 1e-9);
        assertEquals(2_000, faster.copyMillis(2_000), 1e-9);
    }

    @Test
    void linksThatMoveNothingAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new TransferModel(0, 1, 1, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new TransferModel(1, 0, 1, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new TransferModel(1, 1, 0, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new TransferModel(1, 1, 1, Double.NaN, 1));
    }
}
