package inference;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.Map;

/**
 * The one spelling of a tool call's arguments: no white space, key order as it was, each number in the one form of its exact
 * value, escapes only where JSON needs them. Dialects carry the same arguments as text or as JSON, and clients write what
 * they have read in their own way; a prefix survives only if prompts do not.
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
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    /**
     * Reads JSON from outside within limits that make hostile text cheap: nesting at most {@link #MAX_DEPTH}, numbers at
     * most 1000 characters and never expanded, nothing interned, nothing after the value.
     */
    public static final JsonMapper READER = JsonMapper.builder(FACTORY)
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
        StringWriter out = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(out)) {
            write(tree, json);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return WellFormed.text(out.toString());
    }

    private static void write(JsonNode node, JsonGenerator json) throws IOException {
        if (node.isObject()) {
            json.writeStartObject();
            for (Map.Entry<String, JsonNode> member : node.properties()) {
                json.writeFieldName(member.getKey());
                write(member.getValue(), json);
            }
            json.writeEndObject();
        } else if (node.isArray()) {
            json.writeStartArray();
            for (JsonNode element : node) {
                write(element, json);
            }
            json.writeEndArray();
        } else if (node.isNumber()) {
            json.writeNumber(number(node.decimalValue()));
        } else if (node.isTextual()) {
            json.writeString(node.textValue());
        } else {
            json.writeRawValue(node.toString());
        }
    }

    /** A number as JavaScript, which most clients are written in, writes it once it has read it; but exact. */
    private static String number(BigDecimal value) {
        if (value.signum() == 0) {
            return "0";
        }
        BigDecimal stripped = value.stripTrailingZeros();
        long exponent = (long) stripped.precision() - stripped.scale() - 1;
        if (exponent >= -6 && exponent < 21) {
            return stripped.toPlainString();
        }
        String digits = stripped.unscaledValue().abs().toString();
        String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
        String sign = stripped.signum() < 0 ? "-" : "";
        return sign + digits.charAt(0) + fraction + (exponent < 0 ? "e" : "e+") + exponent;
    }
}
