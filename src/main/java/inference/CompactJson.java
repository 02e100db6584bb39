package inference;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.StringWriter;
import org.jspecify.annotations.Nullable;

/**
 * The one spelling of a tool call's arguments: no white space, key order and number literals as they were, escapes only
 * where JSON needs them. Dialects and clients spell the same arguments differently; a prefix survives only if prompts do
 * not.
 */
public final class CompactJson {
    /** Deepest nesting of JSON from outside; real tool schemas stay below 50. */
    public static final int MAX_DEPTH = 500;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    private CompactJson() {}

    /**
     * Arguments as they enter a prompt: a JSON object in its one spelling; {@code {}} for none; any other text, which
     * models do produce, as it is.
     */
    public static String arguments(String text) {
        if (text.isBlank()) {
            return "{}";
        }
        String object = object(text);
        return object == null ? text : object;
    }

    private static @Nullable String object(String text) {
        StringWriter out = new StringWriter(text.length());
        try (JsonParser parser = FACTORY.createParser(text);
                JsonGenerator generator = FACTORY.createGenerator(out)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return null;
            }
            JsonToken token = JsonToken.START_OBJECT;
            while (token != null) {
                copy(token, parser, generator);
                token = parser.nextToken();
                if (generator.getOutputContext().inRoot() && token != null) {
                    return null;
                }
            }
        } catch (IOException notJson) {
            return null;
        }
        return WellFormed.text(out.toString());
    }

    private static void copy(JsonToken token, JsonParser parser, JsonGenerator generator) throws IOException {
        if (token.isNumeric()) {
            generator.writeNumber(parser.getText());
        } else {
            generator.copyCurrentEvent(parser);
        }
    }
}
