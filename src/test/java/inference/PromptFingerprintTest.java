package inference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class PromptFingerprintTest {
    private static final List<ToolDefinition> TOOLS = List.of(new ToolDefinition("ls", "Lists files.", "{}", null));
    private static final List<Message> MESSAGES =
            List.of(Message.text(Role.SYSTEM, "Be brief."), Message.text(Role.USER, "hello"));

    @Test
    void promptsThatDifferInEffortAloneHaveNoBeginningInCommon() {
        List<PromptFingerprint> all = new ArrayList<>(PromptFingerprint.chain(TOOLS, MESSAGES));
        for (ReasoningEffort effort : ReasoningEffort.values()) {
            all.addAll(PromptFingerprint.chain(TOOLS, MESSAGES, effort));
        }
        assertEquals(3 * (1 + ReasoningEffort.values().length), all.size());
        assertEquals(all.size(), new HashSet<>(all).size());
    }

    @Test
    void withoutAnEffortTheyAreThoseOfJournalsFromBeforeItCounted() {
        assertEquals(
                List.of(
                        "3fb426b921fc153bb7f2b9651cb1a996",
                        "81758b09b6e63a8e0d338738057825db",
                        "d27330806e172fe97651940a6f4248a7"),
                PromptFingerprint.chain(TOOLS, MESSAGES, null).stream()
                        .map(PromptFingerprint::toString)
                        .toList());
    }
}
