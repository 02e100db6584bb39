package inference.huggingface;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The tokenizer of a {@code tokenizer.json}. Control tokens in a text are control tokens, as they are to engines, which read rendered
 * templates the same way; none is put before or behind a text, for that is the template's to do.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class ModelTokenizer {
    private static final Map<String, String> AS_IT_STANDS =
            Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

    static {
        // The library reports its use to its makers unless it is told not to.
        System.setProperty("OPT_OUT_TRACKING", "true");
        // Beside a GPU it would download another build of itself.
        System.setProperty("RUST_FLAVOR", "cpu");
    }

    private final HuggingFaceTokenizer tokenizer;
    private final AddedTokens added;

    private ModelTokenizer(HuggingFaceTokenizer tokenizer, AddedTokens added) {
        this.tokenizer = tokenizer;
        this.added = added;
    }

    /**
     * Reads a tokenizer, which stays in memory as long as the process.
     *
     * @throws IOException when the file cannot be read or is no tokenizer
     */
    public static ModelTokenizer read(Path file) throws IOException {
        AddedTokens added = new AddedTokens(new ObjectMapper().readTree(file.toFile()));
        try (InputStream in = Files.newInputStream(file)) {
            return new ModelTokenizer(HuggingFaceTokenizer.newInstance(in, AS_IT_STANDS), added);
        } catch (RuntimeException | LinkageError unreadable) {
            throw new IOException(unreadable.getMessage(), unreadable);
        }
    }

    /** Token ids of a text. Linear in the text. */
    public int[] encode(String text) {
        long[] ids = tokenizer.encode(text, false, false).getIds();
        int[] tokens = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            tokens[i] = Math.toIntExact(ids[i]);
        }
        return tokens;
    }

    /** Parts of a text whose tokens, one after the other, are exactly those of the text. */
    List<String> cut(String text) {
        return added.cut(text);
    }
}
