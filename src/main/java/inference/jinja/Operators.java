package inference.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Expressions made of expressions. Stateless. */
final class Operators {
    private static final int LONGEST_REPETITION = 100_000;

    private Operators() {}

    static Expression or(Expression left, Expression right) {
        return scope -> {
            Object value = left.value(scope);
            return Python.truth(value) ? value : right.value(scope);
        };
    }

    static Expression and(Expression left, Expression right) {
        return scope -> {
            Object value = left.value(scope);
            return Python.truth(value) ? right.value(scope) : value;
        };
    }

    static Expression comparison(String operator, Expression left, Expression right) {
        return scope -> {
            Object a = left.value(scope);
            Object b = right.value(scope);
            return switch (operator) {
                case "==" -> Python.equal(a, b);
                case "!=" -> !Python.equal(a, b);
                case "in" -> Python.contains(b, a);
                case "not in" -> !Python.contains(b, a);
                case "<" -> Python.compare(a, b) < 0;
                case "<=" -> Python.compare(a, b) <= 0;
                case ">" -> Python.compare(a, b) > 0;
                default -> Python.compare(a, b) >= 0;
            };
        };
    }

    static Expression arithmetic(String operator, Expression left, Expression right) {
        return scope -> {
            Object a = left.value(scope);
            Object b = right.value(scope);
            if (a instanceof Long x && b instanceof Long y) {
                return integers(operator, x, y);
            }
            if (a instanceof Number x && b instanceof Number y) {
                return floats(operator, x.doubleValue(), y.doubleValue());
            }
            if (operator.equals("+") && a instanceof String x && b instanceof String y) {
                return x.concat(y);
            }
            if (operator.equals("+") && a instanceof List<?> x && b instanceof List<?> y) {
                List<@Nullable Object> both = new ArrayList<>(x);
                both.addAll(y);
                return both;
            }
            if (operator.equals("*") && a instanceof String text && b instanceof Long times) {
                return repeated(text, Math.max(0, times));
            }
            throw new TemplateFailure("cannot take " + shown(a) + " " + operator + " " + shown(b));
        };
    }

    private static String repeated(String text, long times) {
        if (text.length() * (double) times > LONGEST_REPETITION) {
            throw new TemplateFailure("a repetition of more than " + LONGEST_REPETITION + " characters");
        }
        return text.repeat((int) times);
    }

    private static String shown(@Nullable Object value) {
        if (value instanceof Undefined unknown) {
            return unknown.name() + ", which is undefined,";
        }
        return value == null ? "None" : value.getClass().getSimpleName();
    }

    private static Object integers(String operator, long a, long b) {
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> (double) a / b;
            case "//" -> Math.floorDiv(a, b);
            default -> Math.floorMod(a, b);
        };
    }

    private static Object floats(String operator, double a, double b) {
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> StrictMath.floor(a / b);
            default -> a - StrictMath.floor(a / b) * b;
        };
    }

    static Expression list(List<Expression> elements) {
        return scope -> {
            List<@Nullable Object> values = new ArrayList<>(elements.size());
            elements.forEach(element -> values.add(element.value(scope)));
            return values;
        };
    }

    static Expression mapping(Map<Expression, Expression> members) {
        return scope -> {
            Map<@Nullable Object, @Nullable Object> values = new LinkedHashMap<>();
            members.forEach((key, value) -> values.put(key.value(scope), value.value(scope)));
            return values;
        };
    }

    static @Nullable Object call(@Nullable Object function, Callable.Arguments arguments) {
        if (function instanceof Callable callable) {
            return callable.call(arguments);
        }
        throw new TemplateFailure("cannot call " + shown(function));
    }
}
