package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.SessionId;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SessionHeadersTest {

    @Test
    void ourOwnHeadersWinOverEveryOther() {
        assertEquals(
                headers("h", "hp", true),
                read(Map.of(
                        "x-holdfast-session-id", "h",
                        "x-holdfast-parent-session-id", "hp",
                        "x-holdfast-session-final", "true",
                        "x-dynamo-session-id", "d",
                        "x-dynamo-parent-session-id", "dp",
                        "x-claude-code-session-id", "c")));
        assertEquals(
                headers("d", "dp", true),
                read(Map.of(
                        "x-dynamo-session-id", "d",
                        "x-dynamo-parent-session-id", "dp",
                        "x-dynamo-session-final", "1",
                        "x-session-id", "o")));
    }

    @Test
    void aParentOfOneSourceIsNotMixedWithASessionOfAnother() {
        assertEquals(
                headers("h", null, false),
                read(Map.of("x-holdfast-session-id", "h", "x-dynamo-parent-session-id", "dp")));
    }

    @Test
    void claudeCodesAgentsAreChildrenOfItsSession() {
        assertEquals(headers("s", null, false), read(Map.of("x-claude-code-session-id", "s")));
        assertEquals(
                headers("s/a", "s", false),
                read(Map.of("x-claude-code-session-id", "s", "x-claude-code-agent-id", "a")));
        assertEquals(
                headers("s/b", "s/a", false),
                read(Map.of(
                        "x-claude-code-session-id", "s",
                        "x-claude-code-agent-id", "b",
                        "x-claude-code-parent-agent-id", "a")));
    }

    @Test
    void codexsThreadIsItsSession() {
        assertEquals(headers("s", null, false), read(Map.of("session-id", "s")));
        assertEquals(
                headers("t", "p", false),
                read(Map.of("session-id", "s", "thread-id", "t", "x-codex-parent-thread-id", "p")));
    }

    @Test
    void openCodesSessionHasItsOwnHeaders() {
        assertEquals(headers("o", "p", false), read(Map.of("x-session-id", "o", "x-parent-session-id", "p")));
        assertEquals(headers("a", null, false), read(Map.of("x-session-affinity", "a")));
    }

    @Test
    void theLastRequestOfANativeSessionCanBeSaid() {
        assertTrue(read(Map.of("x-session-id", "o", "x-dynamo-session-final", "TRUE"))
                .last());
    }

    @Test
    void blankAndMissingHeadersSayNothing() {
        assertEquals(SessionHeaders.NONE, read(Map.of("x-holdfast-session-id", "  ")));
        assertEquals(headers(null, "p", false), read(Map.of("x-holdfast-parent-session-id", "p")));
    }

    @Test
    void aSessionIsNotItsOwnParent() {
        assertNull(read(Map.of("x-holdfast-session-id", "h", "x-holdfast-parent-session-id", "h"))
                .parent());
    }

    @Test
    void anIdThatIsTooLongIsRefusedByItsHeader() {
        RefusedRequest refused =
                assertThrows(RefusedRequest.class, () -> read(Map.of("x-dynamo-session-id", "x".repeat(513))));
        assertTrue(refused.failure().message().contains("x-dynamo-session-id"));
    }

    private static SessionHeaders read(Map<String, String> headers) {
        return SessionHeaders.read(headers::get);
    }

    private static SessionHeaders headers(@Nullable String id, @Nullable String parent, boolean last) {
        return new SessionHeaders(
                id == null ? null : new SessionId(id), parent == null ? null : new SessionId(parent), last);
    }
}
