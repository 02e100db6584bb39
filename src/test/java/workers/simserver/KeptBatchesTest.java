package workers.simserver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class KeptBatchesTest {

    @Test
    void theOldestGoFirstByCountAndByBytes() {
        KeptBatches kept = new KeptBatches(3, 100);
        for (int i = 0; i < 5; i++) {
            kept.add(new byte[10]);
        }
        assertEquals(List.of(2L, 3L, 4L), numbers(kept, 0));
        assertEquals(List.of(4L), numbers(kept, 4));
        kept.add(new byte[85]);
        assertEquals(List.of(4L, 5L), numbers(kept, 0));
        kept.add(new byte[1000]);
        assertEquals(List.of(6L), numbers(kept, 0));
    }

    private static List<Long> numbers(KeptBatches kept, long from) {
        return kept.from(from).stream().map(KeptBatches.Batch::number).toList();
    }
}
