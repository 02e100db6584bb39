package replay.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PromptTextTest {
    private final PromptText text = new PromptText(64, 1);

    @Property
    void aCommonBeginningOfIdsIsACommonBeginningOfMessages(
            @ForAll @Size(min = 1, max = 300) long[] ids, @ForAll @IntRange(min = 1, max = 300) int cut) {
        List<String> whole = text.messages(ids);
        List<String> beginning = text.messages(Arrays.copyOf(ids, Math.min(cut, ids.length)));

        int closed = beginning.size() - 1;
        assertEquals(whole.subList(0, closed), beginning.subList(0, closed));
        assertTrue(whole.get(closed).startsWith(beginning.get(closed)));
    }

    @Property
    void everyIdTakesABlockOfPrintableBytes(@ForAll @Size(min = 1, max = 100) long[] ids) {
        String all = String.join("", text.messages(ids));
        assertEquals(64 * ids.length, all.length());
        assertTrue(all.chars().allMatch(c -> c >= ' ' && c < 127));
    }

    @Test
    void anotherSeedSendsTextThatNoCacheHasSeen() {
        assertNotEquals(text.messages(new long[] {1, 2}), new PromptText(64, 2).messages(new long[] {1, 2}));
    }
}
