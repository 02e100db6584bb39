package workers.simserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.HexFormat;
import java.util.List;
import kv.KvTier;
import org.junit.jupiter.api.Test;
import workers.events.EngineEvent;
import workers.events.KvEventDecoder;
import workers.events.MalformedBatchException;

class KvEventEncoderTest {
    private static final double TIMESTAMP = 1_700_000_000.5;
    private static final long H1 = 0x1122334455667788L;
    private static final long H2 = 0xFFEEDDCCBBAA9988L;

    /** Bytes made by vLLM's own encoder of the same event. */
    @Test
    void aStoredBlockIsEncodedAsVllmDoes() {
        KvEventEncoder encoder = new KvEventEncoder();
        encoder.stored(new long[] {H1}, null, new int[] {0, 1, 2, 3, 4}, 1, 4, null, KvTier.DEVICE);
        assertEquals(
                "93cb41d954fc40200000918ba474797065ab426c6f636b53746f726564ac626c6f636b5f68617368657391cf1122334455667788"
                        + "b1706172656e745f626c6f636b5f68617368c0a9746f6b656e5f6964739401020304aa626c6f636b5f73697a6504"
                        + "a76c6f72615f6964c0a66d656469756da3475055a96c6f72615f6e616d65c0aa65787472615f6b65797391c0"
                        + "a967726f75705f69647800b26b765f63616368655f737065635f6b696e64ae66756c6c5f617474656e74696f6e00",
                HexFormat.of().formatHex(encoder.batch(TIMESTAMP)));
    }

    @Test
    void aRemovedBlockIsEncodedAsVllmDoes() {
        KvEventEncoder encoder = new KvEventEncoder();
        encoder.removed(new long[] {H2}, KvTier.DEVICE);
        assertEquals(
                "93cb41d954fc402000009184a474797065ac426c6f636b52656d6f766564ac626c6f636b5f68617368657391cfffeeddccbbaa9988"
                        + "a66d656469756da3475055a967726f75705f6964780000",
                HexFormat.of().formatHex(encoder.batch(TIMESTAMP)));
    }

    @Test
    void theDecoderReadsWhatTheEncoderWrote() throws MalformedBatchException {
        KvEventEncoder encoder = new KvEventEncoder();
        encoder.stored(new long[] {H1, H2}, null, new int[] {256, 258, 7, 8}, 0, 2, "tenant-a", KvTier.DEVICE);
        encoder.stored(new long[] {3}, H2, new int[] {9, 10}, 0, 2, "tenant-a", KvTier.DEVICE);
        encoder.removed(new long[] {3, H2}, KvTier.DEVICE);
        List<EngineEvent> events =
                KvEventDecoder.decode(encoder.batch(TIMESTAMP)).events();

        EngineEvent.Stored root = assertInstanceOf(EngineEvent.Stored.class, events.get(0));
        assertArrayEquals(new long[] {H1, H2}, root.hashes());
        assertArrayEquals(new int[] {256, 258, 7, 8}, root.tokens());
        assertEquals("tenant-a", root.salt());
        assertEquals(KvTier.DEVICE, root.tier());
        EngineEvent.Stored child = assertInstanceOf(EngineEvent.Stored.class, events.get(1));
        assertEquals(H2, assertNotNullParent(child));
        assertArrayEquals(
                new long[] {3, H2},
                assertInstanceOf(EngineEvent.Removed.class, events.get(2)).hashes());
    }

    private static long assertNotNullParent(EngineEvent.Stored stored) {
        assertNotNull(stored.parent());
        return stored.parent().value();
    }
}
