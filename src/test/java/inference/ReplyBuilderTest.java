package inference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReplyBuilderTest {
    private final ReplyBuilder reply = new ReplyBuilder();

    @Test
    void deltasOfAllKindsBecomeOneMessageInTheOrderHarnessesSendItBack() {
        List.of(
                        new InferenceEvent.TextDelta("Let me "),
                        new InferenceEvent.ThinkingDelta("hm"),
                        new InferenceEvent.ToolCallStarted(1, "b", "grep"),
                        new InferenceEvent.ToolCallStarted(0, "a", "bash"),
                        new InferenceEvent.ToolCallDelta(0, "{\"command\" : "),
                        new InferenceEvent.TextDelta("look."),
                        new InferenceEvent.ToolCallDelta(0, "\"ls\", \"n\": 1e3} "),
                        new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, new Usage(1, 0, 1, 0)))
                .forEach(reply::add);

        assertEquals(
                new Message(
                        Role.ASSISTANT,
                        List.of(
                                new ContentBlock.Thinking("hm", null),
                                new ContentBlock.Text("Let me look."),
                                new ContentBlock.ToolUse("a", "bash", "{\"command\":\"ls\",\"n\":1000}"),
                                new ContentBlock.ToolUse("b", "grep", "{}"))),
                reply.message());
        assertEquals("{\"command\" : \"ls\", \"n\": 1e3} ", reply.calls().get(0).arguments());
    }

    @Test
    void argumentsOfACallThatNeverBeganAreDropped() {
        reply.add(new InferenceEvent.ToolCallDelta(3, "{}"));
        assertEquals(new Message(Role.ASSISTANT, List.of()), reply.message());
    }
}
