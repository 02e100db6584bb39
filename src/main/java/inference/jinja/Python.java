package inference.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How Python takes and writes values. Stateless. */
final class Python {
    private Python() {}

    static boolean truth(@Nullable Object value) {
        if (value == null || value instanceof Undefined) {
            return false;
        }
        if (value instanceof Boolean known) {
            return known;
        }
        if (value instanceof Number number) {
            return number.doubleValue() != 0;
        }
        if (value instanceof String text) {
            return !text.isEmpty();
        }
        if (value instanceof Collection<?> list) {
            return !list.isEmpty();
        }
        return !(value instanceof Map<?, ?> map) || !map.isEmpty();
    }

    /** As an output shows it. */
    static String text(@Nullable Object value) {
        if (value instanceof String text) {
            return text;
        }
        return value instanceof Undefined ? "" : repr(value);
    }

    private static String repr(@Nullable Object value) {
        if (value == null) {
            return "None";
        }
        if (value instanceof Boolean known) {
            return known ? "True" : "False";
        }
        if (value instanceof Number number) {
            return number(number);
        }
        if (value instanceof String text) {
            String quote = text.contains("'") && !text.contains("\"") ? "\"" : "'";
            String escaped = text.replace("\\", "\\\\")
                    .replace("\n", "\\n")
                    .replace("\r", "\\r")
                    .replace("\t", "\\t");
            return quote + (quote.equals("'") ? escaped.replace("'", "\\'") : escaped) + quote;
        }
        if (value instanceof List<?> list) {
            List<String> parts = new ArrayList<>();
            list.forEach(element -> parts.add(repr(element)));
            return "[" + String.join(", ", parts) + "]";
        }
        if (value instanceof Map<?, ?> map) {
            List<String> parts = new ArrayList<>();
            map.forEach((key, element) -> parts.add(repr(key) + ": " + repr(element)));
            return "{" + String.join(", ", parts) + "}";
        }
        throw new TemplateFailure("a " + value.getClass().getSimpleName() + " has no text");
    }

    /** A number as Python writes it: the shortest that reads back the same. */
    static String number(Number number) {
        if (number instanceof Long || number instanceof BigInteger) {
            return number.toString();
        }
        double value = number.doubleValue();
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            throw new TemplateFailure("a number that is not finite");
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            return digits.scale() <= 0 ? digits.toPlainString() + ".0" : digits.toPlainString();
        }
        String all = digits.unscaledValue().abs().toString();
        String mantissa = all.length() == 1 ? all : all.charAt(0) + "." + all.substring(1);
        String sign = exponent < 0 ? "-" : "+";
        return (value < 0 ? "-" : "") + mantissa + "e" + sign + "%02d".formatted(Math.abs(exponent));
    }

    static boolean equal(@Nullable Object left, @Nullable Object right) {
        if (left instanceof Number a && right instanceof Number b) {
            return a.doubleValue() == b.doubleValue();
        }
        if (left instanceof Undefined && right instanceof Undefined) {
            return true;
        }
        return Objects.equals(left, right);
    }

    static int compare(@Nullable Object left, @Nullable Object right) {
        if (left instanceof Number a && right instanceof Number b) {
            return Double.compare(a.doubleValue(), b.doubleValue());
        }
        if (left instanceof String a && right instanceof String b) {
            return a.compareTo(b);
        }
        throw new TemplateFailure("values of different kinds are compared");
    }

    static boolean contains(@Nullable Object container, @Nullable Object element) {
        if (container instanceof String text) {
            if (element instanceof String part) {
                return text.contains(part);
            }
            throw new TemplateFailure("only text can be in a text");
        }
        if (container instanceof Map<?, ?> map) {
            return map.containsKey(element);
        }
        return elements(container).stream().anyMatch(each -> equal(each, element));
    }

    /** What a loop goes over. */
    static List<@Nullable Object> elements(@Nullable Object value) {
        if (value instanceof List<?> list) {
            @SuppressWarnings("unchecked") // lists of templates hold any values
            List<@Nullable Object> elements = (List<@Nullable Object>) list;
            return elements;
        }
        if (value instanceof Map<?, ?> map) {
            return new ArrayList<>(map.keySet());
        }
        if (value instanceof String text) {
            return new ArrayList<>(
                    text.codePoints().mapToObj(Character::toString).toList());
        }
        if (value instanceof Undefined) {
            return List.of();
        }
        throw new TemplateFailure(repr(value) + " cannot be looped over");
    }

    static long length(@Nullable Object value) {
        return value instanceof String text
                ? text.codePointCount(0, text.length())
                : elements(value).size();
    }
}
