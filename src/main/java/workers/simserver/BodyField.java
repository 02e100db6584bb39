package workers.simserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A field of a request body and its path, so that a wrong type is reported where it is. Null and absent are alike.
 *
 * <p>Thread-safety: immutable once read.
 */
record BodyField(String path, JsonNode node) {

    /** A whole body, which must be a JSON object. */
    static BodyField read(byte[] bytes) {
        try {
            JsonNode node = ExactJson.MAPPER.readTree(bytes);
            if (node == null || !node.isObject()) {
                throw RequestFailure.of(400, "the body must be a JSON object");
            }
            return new BodyField("", node);
        } catch (JsonProcessingException e) {
            throw RequestFailure.of(400, "the body is not JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException("reading bytes in memory", e);
        }
    }

    BodyField at(String name) {
        return new BodyField(path.isEmpty() ? name : path + "." + name, node.path(name));
    }

    boolean absent() {
        return node.isMissingNode() || node.isNull();
    }

    boolean isText() {
        return node.isTextual();
    }

    boolean isObject() {
        return node.isObject();
    }

    /** Number of members or elements. */
    int size() {
        return node.size();
    }

    String text() {
        if (!node.isTextual()) {
            throw mustBe("a string");
        }
        return node.textValue();
    }

    String textOr(String otherwise) {
        return absent() ? otherwise : text();
    }

    boolean flagOr(boolean otherwise) {
        if (absent()) {
            return otherwise;
        }
        if (!node.isBoolean()) {
            throw mustBe("a boolean");
        }
        return node.booleanValue();
    }

    @Nullable
    Integer integerOrNull(int least) {
        if (absent()) {
            return null;
        }
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < least) {
            throw mustBe("an integer of at least " + least);
        }
        return node.intValue();
    }

    int integerOr(int least, int otherwise) {
        Integer value = integerOrNull(least);
        return value == null ? otherwise : value;
    }

    /** A finite number. */
    double number() {
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            throw mustBe("a number");
        }
        return node.doubleValue();
    }

    /** Elements of an array; none when absent. */
    List<BodyField> items() {
        List<BodyField> items = new ArrayList<>();
        if (absent()) {
            return items;
        }
        if (!node.isArray()) {
            throw mustBe("an array");
        }
        for (int i = 0; i < node.size(); i++) {
            items.add(new BodyField(path + "[" + i + "]", node.get(i)));
        }
        return items;
    }

    RequestFailure mustBe(String what) {
        return RequestFailure.invalid(path, path + " must be " + what);
    }
}
