package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import inference.huggingface.ModelTemplate;
import inference.huggingface.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** {@code holdfast.models} as templates: what each model's prompts look like. Stateless. */
final class ModelConfig {
    private static final Set<String> KEYS = Set.of("name", "tokenizer", "tokenizer-config", "chat-template");

    private ModelConfig() {}

    /**
     * Reads the files of every model that has some. They are large, and stay in memory: to be done once.
     *
     * @param config whole and resolved
     * @throws StartFailure names the model, the key and the file that is wrong
     */
    static Map<String, ModelTemplate> read(Config config) {
        try {
            Map<String, ModelTemplate> known = new HashMap<>();
            for (Config model : new Section(config, "holdfast").getConfigList("models")) {
                for (String key : model.root().keySet()) {
                    if (!KEYS.contains(key)) {
                        throw wrong(model, "a model has no key \"" + key + "\"");
                    }
                }
                if (known.put(model.getString("name"), template(model)) != null) {
                    throw wrong(model, "it stands there twice");
                }
            }
            return known;
        } catch (ConfigException wrong) {
            throw new StartFailure("configuration: " + wrong.getMessage(), wrong);
        }
    }

    private static ModelTemplate template(Config model) {
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
