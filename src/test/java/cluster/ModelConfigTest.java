package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import inference.huggingface.ModelFiles;
import inference.huggingface.ModelTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelConfigTest {
    private static final String GOOD =
            "name = qwen, tokenizer = \"" + ModelFiles.TOKENIZER + "\", tokenizer-config = \"" + ModelFiles.CONFIG
                    + "\", chat-template = \"" + ModelFiles.FOLDER.resolve("chatml.jinja") + "\"";

    private static Map<String, ModelTemplate> read(String model) {
        return ModelConfig.read(
                ConfigFactory.parseString("holdfast.models = [{" + model + "}]").withFallback(ConfigFactory.load()));
    }

    private static String refusal(String model) {
        return assertThrows(StartFailure.class, () -> read(model)).toString();
    }

    @Test
    void aModelWithFilesHasItsOwnTemplate() {
        assertEquals(Set.of("qwen"), read(GOOD).keySet());
        assertEquals(Map.of(), ModelConfig.read(ConfigFactory.load()));
    }

    @Test
    void aFileThatCannotBeUsedIsNamedWithItsModelAndKey(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "{% include 'x' %}");
        String noFile = refusal(GOOD.replace("chatml.jinja", "none.jinja"));
        assertTrue(noFile.contains("qwen: chat-template") && noFile.contains("none.jinja"), noFile);
        String noTemplate =
                refusal(GOOD.replace(ModelFiles.FOLDER.resolve("chatml.jinja").toString(), text.toString()));
        assertTrue(noTemplate.contains("qwen: chat-template " + text) && noTemplate.contains("include"), noTemplate);
        String noTokenizer = refusal(GOOD.replace(ModelFiles.TOKENIZER + "\"", text + "\""));
        assertTrue(noTokenizer.contains("qwen: tokenizer " + text), noTokenizer);
        Path empty = Files.writeString(folder.resolve("empty.json"), "{}");
        String noModel = refusal(GOOD.replace(ModelFiles.TOKENIZER + "\"", empty + "\""));
        assertTrue(noModel.contains("qwen: tokenizer " + empty), noModel);
        String noConfigTemplate = refusal(GOOD.substring(0, GOOD.indexOf(", chat-template")));
        assertTrue(noConfigTemplate.contains("qwen: tokenizer-config " + ModelFiles.CONFIG), noConfigTemplate);
    }

    @Test
    void unknownKeysAndRepeatedModelsAreRefused() {
        assertTrue(refusal(GOOD + ", template = x").contains("no key \"template\""));
        assertTrue(refusal(GOOD + "}, {" + GOOD).contains("twice"));
        assertTrue(refusal("tokenizer = x").contains("name"));
    }
}
