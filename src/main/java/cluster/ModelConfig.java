package cluster;

import com.typesafe.config.Config;
import inference.ByteTokenizer;
import inference.ChatMlTemplate;
import inference.ChatTemplate;
import inference.huggingface.ModelTemplate;
import inference.huggingface.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** {@code holdfast.models} as templates: what each model's prompts look like. Stateless. */
final class ModelConfig {
    private static final Set<String> KEYS = Set.of("name", "tokenizer", "tokenizer-config", "chat-template");

    private ModelConfig() {}

    /**
     * The template of every model: its own files', or ChatML in bytes.
     *
     * @throws StartFailure names the model, the key and the file that is wrong
     */
    static Function<String, ChatTemplate> templates(Section own) {
        ChatTemplate bytes = new ChatMlTemplate(new ByteTokenizer());
        Map<String, ChatTemplate> known = new HashMap<>();
        for (Config model : own.getConfigList("models")) {
            for (String key : model.root().keySet()) {
                if (!KEYS.contains(key)) {
                    throw wrong(model, "a model has no key \"" + key + "\"");
                }
            }
            if (known.put(model.getString("name"), template(model)) != null) {
                throw wrong(model, "it stands there twice");
            }
        }
        return name -> known.getOrDefault(name, bytes);
    }

    private static ChatTemplate template(Config model) {
        Path config = file(model, "tokenizer-config");
        Path separate = model.hasPath("chat-template") ? file(model, "chat-template") : null;
        ModelTokenizer tokenizer = tokenizer(model);
        try {
            return ModelTemplate.read(tokenizer, config, separate, InstantSource.system());
        } catch (IOException unusable) {
            String key = separate == null ? "tokenizer-config" : "chat-template";
            throw wrong(model, key + " " + model.getString(key) + ": " + unusable.getMessage());
        }
    }

    private static ModelTokenizer tokenizer(Config model) {
        Path file = file(model, "tokenizer");
        try {
            return ModelTokenizer.read(file);
        } catch (IOException unusable) {
            throw wrong(model, "tokenizer " + file + ": " + unusable.getMessage());
        }
    }

    private static Path file(Config model, String key) {
        Path file = Path.of(model.getString(key));
        if (!Files.isReadable(file)) {
            throw wrong(model, key + " " + file + " is no file that this node can read");
        }
        return file;
    }

    private static StartFailure wrong(Config model, String what) {
        return new StartFailure("configuration: " + model.origin().description() + ": holdfast.models, "
                + (model.hasPath("name") ? model.getString("name") : "a model without name") + ": " + what);
    }
}
