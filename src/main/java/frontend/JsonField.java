package frontend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import inference.CompactJson;
import inference.WellFormed;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One place in a request's JSON and how to get there, so that every refusal names its field, as in
 * {@code messages[3].content[0].type}. A field that is missing or null is {@link #absent}. Text is returned well-formed:
 * half a surrogate pair, which clients that cut strings do send, becomes U+FFFD.
 *
 * <p>Thread-safety: immutable as long as nobody changes the tree.
 */
public final class JsonField {
    private final @Nullable JsonField parent;
    private final String name;
    private final int index;
    private final JsonNode node;

    private JsonField(@Nullable JsonField parent, String name, int index, JsonNode node) {
        this.parent = parent;
        this.name = name;
        this.index = index;
        this.node = node;
    }

    /** The whole tree; its path is empty. */
    public static JsonField root(JsonNode tree) {
        return new JsonField(null, "", -1, tree);
    }

    /** A member of this object; absent when this is absent or has no such member. */
    public JsonField at(String member) {
        JsonNode found = node.get(member);
        return new JsonField(this, member, -1, found == null ? MissingNode.getInstance() : found);
    }

    /** Whether the field is missing or null. */
    public boolean absent() {
        return node.isMissingNode() || node.isNull();
    }

    public boolean isText() {
        return node.isTextual();
    }

    public boolean isArray() {
        return node.isArray();
    }

    /** Dotted path from the body. */
    public String path() {
        if (parent == null) {
            return "";
        }
        String before = parent.path();
        if (index >= 0) {
            return before + '[' + index + ']';
        }
        return before.isEmpty() ? name : before + '.' + name;
    }

    /** This field, which must be an object. */
    public JsonField object() {
        if (!node.isObject()) {
            throw mustBe("an object");
        }
        return this;
    }

    /** Elements of this field, which must be an array; none when absent. */
    public List<JsonField> items() {
        if (absent()) {
            return List.of();
        }
        if (!node.isArray()) {
            throw mustBe("an array");
        }
        List<JsonField> items = new ArrayList<>(node.size());
        for (int i = 0; i < node.size(); i++) {
            items.add(new JsonField(this, "", i, node.get(i)));
        }
        return items;
    }

    /** Names of this field's members, which must be an object; none when absent. */
    public List<String> names() {
        if (absent()) {
            return List.of();
        }
        List<String> names = new ArrayList<>(object().size());
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** Number of members or elements. */
    public int size() {
        return node.size();
    }

    /** Text of this field, which must be a string. */
    public String text() {
        if (!node.isTextual()) {
            throw mustBe("a string");
        }
        return WellFormed.text(node.textValue());
    }

    /** Text of this field, which must be a string with at least one character. */
    public String nonEmptyText() {
        String text = text();
        if (text.isEmpty()) {
            throw mustBe("a string that is not empty");
        }
        return text;
    }

    public @Nullable String textOrNull() {
        return absent() ? null : text();
    }

    public String textOr(String otherwise) {
        return absent() ? otherwise : text();
    }

    public @Nullable Boolean booleanOrNull() {
        if (absent()) {
            return null;
        }
        if (!node.isBoolean()) {
            throw mustBe("a boolean");
        }
        return node.booleanValue();
    }

    public boolean booleanOr(boolean otherwise) {
        Boolean value = booleanOrNull();
        return value == null ? otherwise : value;
    }

    /** Integer between two bounds, inclusive, or null when absent. */
    public @Nullable Long integerOrNull(long least, long most) {
        if (absent()) {
            return null;
        }
        if (!node.isIntegralNumber()
                || !node.canConvertToLong()
                || node.longValue() < least
                || node.longValue() > most) {
            throw mustBe("an integer from " + least + " to " + most);
        }
        return node.longValue();
    }

    /** {@link #integerOrNull} for bounds that fit an {@code int}. */
    public @Nullable Integer intOrNull(int least, int most) {
        Long value = integerOrNull(least, most);
        return value == null ? null : Integer.valueOf(value.intValue());
    }

    /** Finite number between two bounds, inclusive, or null when absent. */
    public @Nullable Double numberOrNull(double least, double most) {
        if (absent()) {
            return null;
        }
        double value = node.isNumber() ? node.doubleValue() : Double.NaN;
        if (!(value >= least && value <= most) || Double.isInfinite(value)) {
            throw mustBe("a number from " + plain(least) + " to " + plain(most));
        }
        return value;
    }

    /** This field as compact JSON with its key order kept. */
    public String compact() {
        return CompactJson.of(node);
    }

    /** Refuses the request because of this field. */
    public RefusedRequest mustBe(String wanted) {
        String found = node.isMissingNode() ? "it is missing" : "got " + description();
        return RefusedRequest.invalid(path(), "'" + path() + "' must be " + wanted + "; " + found);
    }

    /** Refuses the request because of this field, in a sentence that goes on after the field's name. */
    public RefusedRequest refused(String sentence) {
        return RefusedRequest.invalid(path(), "'" + path() + "' " + sentence);
    }

    private static String plain(double bound) {
        return new BigDecimal(String.valueOf(bound)).stripTrailingZeros().toPlainString();
    }

    private String description() {
        if (node.isNumber() || node.isBoolean() || node.isNull()) {
            String literal = node.toString();
            return literal.length() <= 40 ? literal : "a number of " + literal.length() + " characters";
        }
        if (node.isTextual()) {
            String text = WellFormed.text(node.textValue());
            return text.length() <= 40 ? "'" + text + "'" : "a string of " + text.length() + " characters";
        }
        String kind = node.isArray() ? "array" : "object";
        return (node.isEmpty() ? "an empty " : "an ") + kind;
    }
}
