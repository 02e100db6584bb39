package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TenantId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class TurnIdsTest {
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00.123Z");
    private final TurnIds ids = new TurnIds(InstantSource.fixed(NOW), new Random(1));

    @Test
    void anIdIsAUuidOfVersion7ThatBeginsWithItsTime() {
        UUID id = UUID.fromString(ids.next(TenantId.DEFAULT, null).value());
        assertEquals(7, id.version());
        assertEquals(2, id.variant());
        assertEquals(NOW.toEpochMilli(), id.getMostSignificantBits() >>> 16);
        assertNotEquals(id.toString(), ids.next(TenantId.DEFAULT, null).value());
    }

    @Test
    void anIdempotencyKeyRepeatsItsIdPerTenantOnly() {
        var id = ids.next(TenantId.DEFAULT, "key");
        assertEquals(8, UUID.fromString(id.value()).version());
        assertEquals(id, ids.next(TenantId.DEFAULT, "key"));
        assertNotEquals(id, ids.next(new TenantId("other"), "key"));
        assertNotEquals(ids.next(new TenantId("a"), "bc"), ids.next(new TenantId("ab"), "c"));
    }

    @Test
    void aKeyThatIsTooLongIsRefused() {
        RefusedRequest refused = assertThrows(RefusedRequest.class, () -> ids.next(TenantId.DEFAULT, "k".repeat(513)));
        assertTrue(refused.failure().message().contains("512"));
    }
}
