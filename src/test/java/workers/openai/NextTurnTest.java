package workers.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;

import inference.AgentHints;
import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.TurnId;
import java.util.List;
import org.junit.jupiter.api.Test;

class NextTurnTest {
    private static final Message USER = Message.text(Role.USER, "hello");
    private static final List<ContentBlock> MARK = List.of(new ContentBlock.Text("."));

    @Test
    void afterCallsTheirResultsStand() {
        Message calls = new Message(
                Role.ASSISTANT,
                List.of(
                        new ContentBlock.Text("I look"),
                        new ContentBlock.ToolUse("c1", "read", "{}"),
                        new ContentBlock.ToolUse("c2", "read", "{}")));
        Message results = new Message(
                Role.TOOL,
                List.of(
                        new ContentBlock.ToolResult("c1", MARK, false),
                        new ContentBlock.ToolResult("c2", MARK, false)));

        assertEquals(List.of(USER, calls, results), next(USER, calls));
    }

    @Test
    void afterAnAnswerTheUsersWordsStand() {
        Message answer = Message.text(Role.ASSISTANT, "hello");

        assertEquals(List.of(USER, answer, new Message(Role.USER, MARK)), next(USER, answer));
    }

    /** What sessions share may be a system prompt, or no message at all. */
    @Test
    void afterWhatSessionsShareTheUsersWordsStand() {
        Message system = Message.text(Role.SYSTEM, "be brief");

        assertEquals(List.of(system, new Message(Role.USER, MARK)), next(system));
        assertEquals(List.of(new Message(Role.USER, MARK)), next());
    }

    private static List<Message> next(Message... messages) {
        InferenceRequest conversation = new InferenceRequest(
                new TurnId("t"),
                "m",
                new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                List.of(new ToolDefinition("read", "reads", "{}", false)),
                ToolChoice.AUTO,
                true,
                List.of(messages),
                Sampling.DEFAULT,
                null,
                AgentHints.NONE,
                List.of());
        return NextTurn.forOneToken(conversation).messages();
    }
}
