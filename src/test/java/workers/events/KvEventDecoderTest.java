package workers.events;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import kv.EngineHash;
import kv.KvTier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** Payloads encoded by the engines' own serializer, in every shape their versions have used. */
class KvEventDecoderTest {
    private static final long H1 = 0x1122334455667788L;
    private static final long H2 = 0xFFEEDDCCBBAA9988L;
    /** Last 8 bytes of the digest 00..1f, and of 20..3f. */
    private static final long B1 = 0x18191a1b1c1d1e1fL;

    private static final long B2 = 0x38393a3b3c3d3e3fL;

    @Test
    void readsTheFirstPositionalFormWithUnsignedHashes() throws Exception {
        EngineEventBatch batch =
                decode("93cb41d954fc402000009196ab426c6f636b53746f72656492cf1122334455667788cfffeeddccbbaa9988"
                        + "c0980102cd012cce000111700506070804c0c0");

        assertEquals(EngineEventBatch.RANK_UNSAID, batch.rank());
        EngineEvent.Stored stored = onlyStored(batch);
        assertArrayEquals(new long[] {H1, H2}, stored.hashes());
        assertNull(stored.parent());
        assertArrayEquals(new int[] {1, 2, 300, 70000, 5, 6, 7, 8}, stored.tokens());
        assertEquals(KvTier.DEVICE, stored.tier());
        assertEquals(EngineEvent.NO_GROUP, stored.group());
    }

    @Test
    void readsDigestsAndARank() throws Exception {
        EngineEventBatch batch = decode("93cb41d954fc40200000919cab426c6f636b53746f72656491c420"
                + "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3fc420"
                + "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                + "94090a0b0c04c0a3475055c0c0c0c0c003");

        assertEquals(3, batch.rank());
        EngineEvent.Stored stored = onlyStored(batch);
        assertArrayEquals(new long[] {B2}, stored.hashes());
        assertEquals(new EngineHash(B1), stored.parent());
        assertArrayEquals(new int[] {9, 10, 11, 12}, stored.tokens());
    }

    @Test
    void takesSaltAdapterAndImagesApart() throws Exception {
        EngineEventBatch batch =
                decode("93cb41d954fc40200000919cab426c6f636b53746f72656491cf1122334455667788c0940102030404"
                        + "07a3435055ab73716c2d616461707465729193ab73716c2d6164617074657292d940"
                        + "61626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261"
                        + "626162616261626162616261626162fea673616c742d3101ae736c6964696e675f77696e646f77cd040000");

        assertEquals(0, batch.rank());
        EngineEvent.Stored stored = onlyStored(batch);
        assertEquals(KvTier.HOST, stored.tier());
        assertEquals(1, stored.group());
        assertEquals("sliding_window", stored.groupKind());
        assertEquals("salt-1", stored.salt());
        assertEquals(List.of("adapter sql-adapter\n[\"" + "ab".repeat(32) + "\",-2]"), stored.blockKeys());
    }

    @Test
    void readsPositionalRemovalAndClear() throws Exception {
        EngineEventBatch batch = decode("93cb41d954fc402000009294ac426c6f636b52656d6f76656492cf1122334455667788"
                + "cfffeeddccbbaa9988a34750550191b0416c6c426c6f636b73436c656172656400");

        EngineEvent.Removed removed = (EngineEvent.Removed) batch.events().get(0);
        assertArrayEquals(new long[] {H1, H2}, removed.hashes());
        assertEquals(KvTier.DEVICE, removed.tier());
        assertEquals(1, removed.group());
        assertEquals(new EngineEvent.Cleared(), batch.events().get(1));
    }

    @Test
    void readsEventsEncodedAsMaps() throws Exception {
        EngineEventBatch batch = decode("93cb41d954fc40200000918ba474797065ab426c6f636b53746f726564"
                + "ac626c6f636b5f68617368657391cf1122334455667788b1706172656e745f626c6f636b5f68617368c0"
                + "a9746f6b656e5f6964739401020304aa626c6f636b5f73697a6504a76c6f72615f6964c0a66d656469756da3475055"
                + "a96c6f72615f6e616d65c0aa65787472615f6b65797391c0a967726f75705f69647800"
                + "b26b765f63616368655f737065635f6b696e64ae66756c6c5f617474656e74696f6e00");

        EngineEvent.Stored stored = onlyStored(batch);
        assertArrayEquals(new long[] {H1}, stored.hashes());
        assertArrayEquals(new int[] {1, 2, 3, 4}, stored.tokens());
        assertEquals(0, stored.group());
        assertEquals("full_attention", stored.groupKind());
        assertNull(stored.salt());
        assertEquals(List.of(), stored.blockKeys());
    }

    @Test
    void readsRemovalAndClearEncodedAsMaps() throws Exception {
        EngineEventBatch batch = decode("93cb41d954fc402000009284a474797065ac426c6f636b52656d6f766564"
                + "ac626c6f636b5f68617368657391c420000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                + "a66d656469756da3435055a967726f75705f6964780081a474797065b0416c6c426c6f636b73436c656172656401");

        assertEquals(1, batch.rank());
        EngineEvent.Removed removed = (EngineEvent.Removed) batch.events().get(0);
        assertArrayEquals(new long[] {B1}, removed.hashes());
        assertEquals(KvTier.HOST, removed.tier());
        assertEquals(new EngineEvent.Cleared(), batch.events().get(1));
    }

    @Test
    void readsABatchThatIsItselfAMap() throws Exception {
        EngineEventBatch batch =
                decode("83a27473cb41d954fc40200000a66576656e74739183a474797065ac426c6f636b52656d6f766564"
                        + "ac626c6f636b5f68617368657391cfffeeddccbbaa9988a66d656469756dc0"
                        + "b2646174615f706172616c6c656c5f72616e6b02");

        assertEquals(2, batch.rank());
        EngineEvent.Removed removed = (EngineEvent.Removed) batch.events().get(0);
        assertArrayEquals(new long[] {H2}, removed.hashes());
        assertEquals(KvTier.DEVICE, removed.tier());
    }

    @Test
    void readsTheOldestFormWithSignedHashes() throws Exception {
        EngineEvent.Stored stored = onlyStored(
                decode("92cb41d954fc402000009196ab426c6f636b53746f72656492fbcf1122334455667788ff92010201c0"));

        assertArrayEquals(new long[] {-5, H1}, stored.hashes());
        assertEquals(new EngineHash(-1), stored.parent());
        assertArrayEquals(new int[] {1, 2}, stored.tokens());
    }

    @Test
    void readsPinnedHostMemoryAsTheHostTier() throws Exception {
        EngineEventBatch batch = decode("93cb41d954fc402000009397ab426c6f636b53746f72656491fbc092010202c0"
                + "aa4350555f50494e4e454493ac426c6f636b52656d6f76656491fbc091b0416c6c426c6f636b73436c6561726564c0");

        assertEquals(3, batch.events().size());
        assertEquals(KvTier.HOST, ((EngineEvent.Stored) batch.events().get(0)).tier());
        assertEquals(KvTier.DEVICE, ((EngineEvent.Removed) batch.events().get(1)).tier());
    }

    @Test
    void tellsASaltFromAnAdapterByItsType() throws Exception {
        EngineEvent.Stored stored = onlyStored(decode("93cb41d954fc402000009198ab426c6f636b53746f726564917bc092010202c0"
                + "a347505581aa63616368655f73616c74a874656e616e742d6100"));

        assertArrayEquals(new long[] {123}, stored.hashes());
        assertEquals("tenant-a", stored.salt());
        assertEquals(List.of(), stored.blockKeys());
    }

    @Test
    void readsPairedTokensAsTheirFirstMembers() throws Exception {
        EngineEvent.Stored stored = onlyStored(decode("93cb41d954fc402000009197ab426c6f636b53746f726564920b0cc094"
                + "920a0b920b0c920c0d920d0e02c0a347505500"));

        assertArrayEquals(new long[] {11, 12}, stored.hashes());
        assertArrayEquals(new int[] {10, 11, 12, 13}, stored.tokens());
    }

    @Test
    void oneBadEventDoesNotLoseItsBatch() throws Exception {
        MessageBufferPacker packer = MessagePack.newDefaultBufferPacker();
        packer.packArrayHeader(2).packDouble(1).packArrayHeader(6);
        packer.packArrayHeader(2).packString("BlockTransferred").packInt(1);
        packer.packArrayHeader(2).packString("BlockRemoved").packString("not a list");
        packer.packArrayHeader(2).packString("BlockRemoved").packArrayHeader(1).packBoolean(true);
        packer.packInt(7);
        packer.packArrayHeader(3)
                .packString("BlockRemoved")
                .packArrayHeader(1)
                .packInt(1)
                .packString("moon");
        packer.packArrayHeader(2).packString("BlockRemoved").packArrayHeader(1).packInt(9);

        EngineEventBatch batch = KvEventDecoder.decode(packer.toByteArray());

        assertEquals(5, batch.skipped());
        assertEquals(1, batch.events().size());
        assertArrayEquals(new long[] {9}, ((EngineEvent.Removed) batch.events().get(0)).hashes());
    }

    @Test
    void ignoresPositionsAndKeysItDoesNotKnow() throws Exception {
        MessageBufferPacker packer = MessagePack.newDefaultBufferPacker();
        packer.packArrayHeader(4).packDouble(1).packArrayHeader(2);
        packer.packArrayHeader(6).packString("BlockRemoved").packArrayHeader(1).packInt(9);
        packer.packNil().packNil().packString("new").packInt(4);
        packer.packMapHeader(3).packString("type").packString("BlockRemoved");
        packer.packString("block_hashes").packArrayHeader(1).packInt(10);
        packer.packString("reason").packString("age");
        packer.packInt(5).packString("more");

        EngineEventBatch batch = KvEventDecoder.decode(packer.toByteArray());

        assertEquals(5, batch.rank());
        assertEquals(0, batch.skipped());
        assertEquals(2, batch.events().size());
    }

    @Test
    void blocksBehindAnImageDifferFromTheSameTokensWithoutOne() throws Exception {
        MessageBufferPacker packer = MessagePack.newDefaultBufferPacker();
        packer.packArrayHeader(2).packDouble(1).packArrayHeader(1);
        packer.packArrayHeader(9)
                .packString("BlockStored")
                .packArrayHeader(2)
                .packInt(1)
                .packInt(2);
        packer.packNil().packArrayHeader(2).packInt(7).packInt(8).packInt(1).packNil();
        packer.packString("GPU").packNil();
        packer.packArrayHeader(2).packNil();
        packer.packArrayHeader(1).packArrayHeader(2).packString("image").packInt(0);

        EngineEvent.Stored stored = onlyStored(KvEventDecoder.decode(packer.toByteArray()));

        assertNull(stored.salt());
        assertEquals("", stored.blockKeys().get(0));
        assertNotEquals("", stored.blockKeys().get(1));
    }

    @Test
    void refusesWhatIsNoBatch() {
        assertThrows(MalformedBatchException.class, () -> decode("c0"));
        assertThrows(MalformedBatchException.class, () -> decode("91c0"));
        assertThrows(MalformedBatchException.class, () -> decode("92c0c0"));
        assertThrows(MalformedBatchException.class, () -> decode(""));
    }

    @Test
    void refusesCountsThatTheBytesCannotHold() {
        assertThrows(MalformedBatchException.class, () -> decode("dd7fffffff"));
        assertThrows(MalformedBatchException.class, () -> decode("df7fffffff"));
        assertThrows(MalformedBatchException.class, () -> decode("92c0c67fffffff"));
    }

    @Property(tries = 300)
    void damagedBytesNeverEscapeAsAnythingElse(@ForAll int seed, @ForAll byte value) throws Exception {
        byte[] payload = HexFormat.of()
                .parseHex("93cb41d954fc402000009294ac426c6f636b52656d6f76656492cf1122334455667788"
                        + "cfffeeddccbbaa9988a34750550191b0416c6c426c6f636b73436c656172656400");
        payload[Math.floorMod(seed, payload.length)] = value;
        byte[] cut = Arrays.copyOf(payload, Math.floorMod(seed / 7, payload.length + 1));
        for (byte[] bytes : List.of(payload, cut)) {
            try {
                Objects.requireNonNull(KvEventDecoder.decode(bytes));
            } catch (MalformedBatchException e) {
                Objects.requireNonNull(e.getMessage());
            }
        }
    }

    private static EngineEventBatch decode(String hex) throws MalformedBatchException {
        return KvEventDecoder.decode(HexFormat.of().parseHex(hex));
    }

    private static EngineEvent.Stored onlyStored(EngineEventBatch batch) {
        assertEquals(1, batch.events().size());
        assertEquals(0, batch.skipped());
        return (EngineEvent.Stored) batch.events().get(0);
    }
}
