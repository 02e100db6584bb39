package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import cluster.ConversationJson.Head;
import inference.ReasoningEffort;
import inference.ToolDefinition;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConversationJsonTest {
    private static final List<ToolDefinition> TOOLS = List.of(new ToolDefinition("ls", "Lists files.", "{}", true));
    private static final String BEFORE_EFFORTS =
            "[{\"name\":\"ls\",\"description\":\"Lists files.\",\"parameters\":\"{}\",\"strict\":true}]";

    @Test
    void aHeadWithoutEffortIsWrittenAndReadAsHeadsAlwaysWere() {
        assertEquals(BEFORE_EFFORTS, ConversationJson.write(new Head(TOOLS, null)));
        assertEquals(new Head(TOOLS, null), ConversationJson.readHead(BEFORE_EFFORTS));
    }

    @Test
    void aHeadTellsItsEffort() {
        String durable = "{\"tools\":" + BEFORE_EFFORTS + ",\"effort\":\"HIGH\"}";
        assertEquals(durable, ConversationJson.write(new Head(TOOLS, ReasoningEffort.HIGH)));
        for (ReasoningEffort effort : ReasoningEffort.values()) {
            Head head = new Head(TOOLS, effort);
            assertEquals(head, ConversationJson.readHead(ConversationJson.write(head)));
        }
    }
}
