package inference;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/**
 * The one spelling of a tool call's arguments: no white space, key order as it was, each number by its exact value, escapes
 * only where JSON needs them. Dialects and clients spell the same arguments differently, some as text and some as JSON; a
 * prefix survives only if prompts do not.
 */
public final class CompactJson {
    /** Deepest nesting of JSON from outside; real tool schemas stay below 50. */
    public static final int MAX_DEPTH = 500;

    /**
     * Reads JSON from outside within limits that make hostile text cheap: nesting at most {@link #MAX_DEPTH}, numbers at
     * most 1000 characters and never expanded, nothing interned, nothing after the value.
     */
    public static final JsonMapper READER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
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
        try {
            JsonNode tree = READER.readTree(text);
            return tree.isObject() ? of(tree) : text;
        } catch (JsonProcessingException notJson) {
            return text;
        }
    }

    /** The one spelling of a tree that {@link #READER} read. */
    public static String of(JsonNode tree) {
        return WellFormed.text(tree.toString());
    }
}
