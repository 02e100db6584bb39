package inference.huggingface;

import inference.InferenceRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;

/** The files of a small model, made for tests: a byte-level BPE tokenizer, and templates in the shapes that published models have. */
public final class ModelFiles {
    public static final Path FOLDER = Path.of("src/test/resources/models");
    public static final Path TOKENIZER = FOLDER.resolve("tokenizer.json");
    public static final Path CONFIG = FOLDER.resolve("tokenizer_config.json");
    public static final ModelTokenizer READ = tokenizer();

    private ModelFiles() {}

    public static ModelTemplate template(String name) {
        try {
            return ModelTemplate.read(
                    READ, CONFIG, FOLDER.resolve(name + ".jinja"), InstantSource.fixed(Instant.EPOCH));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** The text of a request's whole prompt. */
    public static String text(String template, InferenceRequest request) {
        return template(template).render(request.tools(), request.messages(), request.effort(), true);
    }

    static String expected(String name) {
        try {
            return Files.readString(FOLDER.resolve(name + ".expected.txt"));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static ModelTokenizer tokenizer() {
        try {
            return ModelTokenizer.read(TOKENIZER);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
