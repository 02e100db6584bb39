package agents.session;

import static agents.session.Conversation.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Where reasoning begins does not depend on what the cache knew of the prompt. */
class ReasoningRenderingTest {
    @Test
    void aPromptHasTheSameOutlineWhateverWasKnownOfIt() {
        Random random = new Random(5);
        int reasoning = 0;
        for (int run = 0; run < 50; run++) {
            PromptRenderer warm = Conversation.renderer(new PromptCache(10_000));
            List<String> prompt = new ArrayList<>(List.of("s:You are brief and exact.", "u:hello"));
            for (int turn = 0; turn < 12; turn++) {
                String[] spelled = prompt.toArray(String[]::new);
                PromptOutline cold = Conversation.outline(spelled);
                assertEquals(cold, warm.render(request("any", spelled)).outline());
                reasoning += cold.reasoning() == null ? 0 : 1;
                String answer = "call " + turn + " of some length";
                prompt.add(random.nextBoolean() ? "r:a thought of some length|" + answer : "a:" + answer);
                prompt.add((random.nextInt(3) == 0 ? "u:" : "t:") + "result " + turn);
            }
        }
        assertEquals(true, reasoning > 100, "prompts with reasoning: " + reasoning);
    }

    @Test
    void reasoningBeginsWhereTheMessageBeforeItEnds() {
        PromptOutline outline = Conversation.outline("s:Be brief.", "u:hello", "r:a thought|a call", "t:its result");
        assertNotNull(outline.reasoning());
        assertEquals(
                Conversation.outline("s:Be brief.", "u:hello").tip(),
                outline.reasoning().before());
    }
}
