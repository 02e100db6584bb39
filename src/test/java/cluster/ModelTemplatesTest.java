package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.PromptText;
import inference.Role;
import inference.huggingface.ModelFiles;
import java.util.List;
import java.util.Map;
import metrics.Metrics;
import org.junit.jupiter.api.Test;

class ModelTemplatesTest {
    private final Metrics metrics = new Metrics();
    private final ModelTemplates templates =
            new ModelTemplates(Map.of("own", ModelFiles.template("instructions")), metrics);

    private PromptText written(String model, Role... roles) {
        List<Message> messages =
                List.of(roles).stream().map(role -> Message.text(role, "Hello")).toList();
        InferenceRequest request = Conversation.request("1", "s", List.of(), messages);
        return templates.apply(model).write(request, PromptFingerprint.chain(request.tools(), request.messages()));
    }

    private static int tokens(PromptText prompt) {
        int tokens = 0;
        for (int piece = 0; piece < prompt.pieces(); piece++) {
            tokens += prompt.tokens(piece).length;
        }
        return tokens;
    }

    @Test
    void aModelWithoutFilesCountsInBytes() {
        int other = tokens(written("other", Role.USER));
        assertTrue(tokens(written("own", Role.USER)) < other, "its own tokens are longer than bytes");
        assertEquals(0, failures());
    }

    @Test
    void whatATemplateRefusesCountsInBytesAndAsAFailureUntilTheEngineRefusesIt() {
        Role[] twice = {Role.ASSISTANT, Role.ASSISTANT};
        assertEquals(tokens(written("other", twice)), tokens(written("own", twice)));
        assertEquals(1, failures());
        written("own", twice);
        assertEquals(2, failures());
    }

    private int failures() {
        return metrics.scrape()
                .lines()
                .filter(line -> line.startsWith("holdfast_template_failures_total{model=\"own\"} "))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}
