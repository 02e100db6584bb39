package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** R9: one seed gives the same decisions, byte for byte, in every process and on every JDK. */
class R9DecisionsTest {
    /** Of long histories' events, as they are stored, and their orders. Changes with the rules, never with the platform. */
    private static final String DIGEST = "05e916b5f26662235043e6d59a306e12734dcda1dfc93815a202370130b9de1c";

    private static final int HISTORIES = 20;
    private static final int STEPS = 500;

    @Test
    void longHistoriesComeToTheSameEventsAndOrdersOnEveryJdk() throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (int seed = 1; seed <= HISTORIES; seed++) {
            RetentionHistory history = new RetentionHistory(seed).run(STEPS);
            for (LedgerEvent event : history.events) {
                digest.update(LedgerJsonTest.MAPPER.writeValueAsBytes(event));
            }
            for (WorkerOrder order : history.orders) {
                digest.update(order.toString().getBytes(StandardCharsets.UTF_8));
            }
        }
        assertEquals(DIGEST, HexFormat.of().formatHex(digest.digest()));
    }
}
