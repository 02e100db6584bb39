package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class TurnIdsTest {
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00.123Z");
    private final TurnIds ids = new TurnIds(InstantSource.fixed(NOW), new Random(1));

    @Test
    void anIdIsAUuidOfVersion7ThatBeginsWithItsTime() {
        UUID id = UUID.fromString(ids.next().value());
        assertEquals(7, id.version());
        assertEquals(2, id.variant());
        assertEquals(NOW.toEpochMilli(), id.getMostSignificantBits() >>> 16);
        assertNotEquals(id.toString(), ids.next().value());
    }

    private TurnId keyed(String tenant, String session, String key) {
        return new Caller(new TenantId(tenant), "req_1", ids.next(), key, SessionHeaders.NONE)
                .turn(new SessionId(session));
    }

    @Test
    void anIdempotencyKeyRepeatsItsIdInOneSessionOfOneTenantOnly() {
        TurnId id = keyed("t", "s", "key");
        assertEquals(8, UUID.fromString(id.value()).version());
        assertEquals(id, keyed("t", "s", "key"));
        assertNotEquals(id, keyed("t", "other", "key"));
        assertNotEquals(id, keyed("other", "s", "key"));
        assertNotEquals(keyed("a", "b", "cd"), keyed("a", "bc", "d"));
        assertNotEquals(keyed("a", "bc", "d"), keyed("ab", "c", "d"));
    }

    @Test
    void severalAnswersToARequestAreNamedAfterTheFirst() {
        for (TurnId first : List.of(ids.next(), keyed("t", "s", "key"))) {
            assertEquals(first, first.choice(0));
            assertEquals(3, Set.of(first, first.choice(1), first.choice(11)).size());
            assertEquals(first, first.choice(11).firstChoice());
            assertEquals(first, first.firstChoice());
        }
    }

    @Test
    void aKeyThatIsTooLongIsRefused() {
        RefusedRequest refused = assertThrows(RefusedRequest.class, () -> TurnIds.key("k".repeat(513)));
        assertTrue(refused.failure().message().contains("512"));
    }
}
