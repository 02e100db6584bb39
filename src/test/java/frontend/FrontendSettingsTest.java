package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TenantId;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrontendSettingsTest {
    private static final FrontendSettings.ApiKey KEY = FrontendSettings.ApiKey.of("secret", TenantId.DEFAULT);

    @Test
    void aPublicAddressNeedsAKey() {
        for (String open : List.of("0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org")) {
            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> settings(open, List.of()));
            assertTrue(String.valueOf(refused.getMessage()).contains("api-keys"), open);
            assertEquals(open, settings(open, List.of(KEY)).host());
        }
        for (String local : List.of("127.0.0.1", "127.8.9.10", "localhost", "::1")) {
            assertEquals(local, settings(local, List.of()).host());
        }
    }

    @Test
    void aKeyIsKeptAsItsHashOnly() {
        assertFalse(KEY.toString().contains("secret"));
        assertTrue(KEY.matches(Sha256.of("secret")));
        assertFalse(KEY.matches(Sha256.of("Secret")));
        assertThrows(IllegalArgumentException.class, () -> new FrontendSettings.ApiKey("secret", TenantId.DEFAULT));
    }

    private static FrontendSettings settings(String host, List<FrontendSettings.ApiKey> keys) {
        Duration second = Duration.ofSeconds(1);
        return new FrontendSettings(
                host,
                0,
                keys,
                new FrontendSettings.Bodies(1 << 20, 1 << 20, second),
                second,
                second,
                second,
                1,
                second,
                1000,
                FrontendFixture.UNLIMITED,
                new PromptNoise(List.of()));
    }
}
