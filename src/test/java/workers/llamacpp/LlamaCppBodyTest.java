package workers.llamacpp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import agents.session.Conversation;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.InferenceRequest;
import inference.ReasoningEffort;
import java.util.List;
import org.junit.jupiter.api.Test;
import workers.openai.EnginePriority;

class LlamaCppBodyTest {

    @Test
    void theEffortIsToldToTheTemplateToo() {
        ObjectNode low = LlamaCppEngineClient.body(request(ReasoningEffort.LOW), EnginePriority.OFF);
        assertEquals("low", low.at("/reasoning_effort").textValue());
        assertEquals(
                "{\"reasoning_effort\":\"low\"}",
                low.get("chat_template_kwargs").toString());
        ObjectNode none = LlamaCppEngineClient.body(request(ReasoningEffort.NONE), EnginePriority.OFF);
        assertEquals(
                "{\"enable_thinking\":false}", none.get("chat_template_kwargs").toString());
    }

    private static InferenceRequest request(ReasoningEffort effort) {
        InferenceRequest plain = Conversation.request("1", "s", List.of(), List.of());
        return new InferenceRequest(
                plain.turn(),
                plain.model(),
                plain.session(),
                plain.tools(),
                plain.toolChoice(),
                plain.parallelToolCalls(),
                plain.messages(),
                plain.sampling(),
                effort,
                plain.hints(),
                plain.cacheMarks());
    }
}
