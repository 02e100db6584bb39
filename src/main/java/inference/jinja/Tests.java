package inference.jinja;

import inference.jinja.Callable.Arguments;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The tests that chat templates use. Stateless. */
final class Tests {

    /** One test: {@code value is test(arguments)}. */
    @FunctionalInterface
    interface Test {
        boolean holds(@Nullable Object value, Arguments arguments);
    }

    private static final Map<String, Test> ALL = new TreeMap<>();

    static {
        ALL.put("defined", (value, arguments) -> !(value instanceof Undefined));
        ALL.put("undefined", (value, arguments) -> value instanceof Undefined);
        ALL.put("none", (value, arguments) -> value == null);
        ALL.put("string", (value, arguments) -> value instanceof String);
        ALL.put("mapping", (value, arguments) -> value instanceof Map);
        ALL.put("iterable", (value, arguments) -> sequence(value) || value instanceof Undefined);
        ALL.put("sequence", (value, arguments) -> sequence(value) || value instanceof Undefined);
        ALL.put("boolean", (value, arguments) -> value instanceof Boolean);
        ALL.put("true", (value, arguments) -> Boolean.TRUE.equals(value));
        ALL.put("false", (value, arguments) -> Boolean.FALSE.equals(value));
        ALL.put("number", (value, arguments) -> value instanceof Number || value instanceof Boolean);
        ALL.put("integer", (value, arguments) -> value instanceof Long);
        ALL.put("float", (value, arguments) -> value instanceof Double);
        ALL.put("callable", (value, arguments) -> value instanceof Callable);
        ALL.put("odd", (value, arguments) -> value instanceof Long number && number % 2 != 0);
        ALL.put("even", (value, arguments) -> value instanceof Long number && number % 2 == 0);
        ALL.put(
                "divisibleby",
                (value, arguments) -> value instanceof Long number && number % arguments.integer(0, "num", 1) == 0);
        ALL.put("in", (value, arguments) -> Python.contains(arguments.of(0, "seq"), value));
        for (String name : List.of("equalto", "eq", "==")) {
            ALL.put(name, (value, arguments) -> Python.equal(value, arguments.of(0, "other")));
        }
        for (String name : List.of("ne", "!=")) {
            ALL.put(name, (value, arguments) -> !Python.equal(value, arguments.of(0, "other")));
        }
    }

    private Tests() {}

    /** @throws TemplateFailure when there is none of that name */
    static Test named(String name) {
        Test test = ALL.get(name);
        if (test == null) {
            throw new TemplateFailure("no such test: " + name + "; known are " + ALL.keySet());
        }
        return test;
    }

    private static boolean sequence(@Nullable Object value) {
        return value instanceof String || value instanceof List || value instanceof Map;
    }
}
