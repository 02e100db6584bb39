package testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Claude Code looks for in an error to learn by how much it must shorten a conversation. */
public final class PromptTooLong {
    private static final Pattern TOLD =
            Pattern.compile("prompt is too long[^0-9]*(\\d+)\\s*tokens?\\s*>\\s*(\\d+)", Pattern.CASE_INSENSITIVE);

    private PromptTooLong() {}

    public static void assertTold(int tokens, int most, String message) {
        Matcher told = TOLD.matcher(message);
        assertTrue(told.find(), message);
        assertEquals(tokens, Integer.parseInt(told.group(1)), message);
        assertEquals(most, Integer.parseInt(told.group(2)), message);
    }
}
