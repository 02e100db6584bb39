package agents.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.SessionId;
import inference.TenantId;
import org.junit.jupiter.api.Test;

class SessionKeyTest {

    private static SessionKey key(String tenant, String session) {
        return new SessionKey(new TenantId(tenant), new SessionId(session));
    }

    @Test
    void entityIdsAreFixedForEver() {
        assertEquals(
                "37a8eec1ce19687d63f72bf663bf256493a2a381621938d6",
                key("default", "any/thing ✓").entityId());
    }

    @Test
    void namesDoNotRunIntoEachOther() {
        assertNotEquals(key("a", "bc").entityId(), key("ab", "c").entityId());
        assertNotEquals(key("a", "s").entityId(), key("b", "s").entityId());
    }

    @Test
    void aTenantsSessionsShareItsPrefix() {
        String prefix = SessionKey.tenantPrefix(new TenantId("a"));

        assertTrue(key("a", "one").entityId().startsWith(prefix));
        assertTrue(key("a", "two").entityId().startsWith(prefix));
        assertNotEquals(key("a", "one").affinity(), key("a", "two").affinity());
    }
}
