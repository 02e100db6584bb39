package workers.simserver;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A field of a request body and its path, so that a wrong type is reported where it is. Null and absent are alike.
 *
 * <p>Thread-safety: immutable once read.
 */
record BodyField(String path, JsonNode node) {

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
