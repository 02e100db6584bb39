package inference.jinja;

import inference.jinja.Callable.Arguments;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The filters that chat templates use. Stateless. */
final class Filters {

    /** One filter: {@code value|filter(arguments)}. */
    @FunctionalInterface
    interface Filter {
        @Nullable
        Object apply(@Nullable Object value, Arguments arguments);
    }

    /**
     * A filter with what it may be told.
     *
     * @param parameters names of its arguments in order
     * @param open whether any number of arguments may stand without a name
     */
    private record Known(Filter filter, List<String> parameters, boolean open) {}

    private static final Arguments NO_ARGUMENTS = new Arguments(List.of(), Map.of());
    private static final Map<String, Known> ALL = new TreeMap<>();

    static {
        add(
                "tojson",
                (value, arguments) -> PythonJson.write(value, PythonJson.Style.of(arguments)),
                "ensure_ascii",
                "indent",
                "separators",
                "sort_keys");
        add("trim", (value, arguments) -> Methods.strip(Python.text(value), arguments, true, true), "chars");
        add("length", (value, arguments) -> Python.length(value));
        add("count", (value, arguments) -> Python.length(value));
        add("default", Filters::orDefault, "default_value", "boolean");
        add("d", Filters::orDefault, "default_value", "boolean");
        add("string", (value, arguments) -> Python.text(value));
        add("safe", (value, arguments) -> value);
        add("upper", (value, arguments) -> Python.text(value).toUpperCase(Locale.ROOT));
        add("lower", (value, arguments) -> Python.text(value).toLowerCase(Locale.ROOT));
        add("capitalize", (value, arguments) -> Methods.capitalized(Python.text(value)));
        add("replace", Filters::replaced, "old", "new");
        add("first", (value, arguments) -> Methods.item(Python.elements(value), 0L));
        add("last", (value, arguments) -> Methods.item(Python.elements(value), -1L));
        add("list", (value, arguments) -> new ArrayList<>(Python.elements(value)));
        add("reverse", Filters::reversed);
        add("items", Filters::items);
        add("join", (value, arguments) -> Methods.join(Python.text(arguments.or(0, "d", "")), value), "d");
        add("int", Filters::integer, "default");
        add("indent", Filters::indented, "width", "first", "blank");
        ALL.put("map", new Known(Filters::mapped, List.of("attribute"), true));
        addOpen("select", (value, arguments) -> chosen(value, arguments, false, true));
        addOpen("reject", (value, arguments) -> chosen(value, arguments, false, false));
        addOpen("selectattr", (value, arguments) -> chosen(value, arguments, true, true));
        addOpen("rejectattr", (value, arguments) -> chosen(value, arguments, true, false));
    }

    private Filters() {}

    private static void add(String name, Filter filter, String... parameters) {
        ALL.put(name, new Known(filter, List.of(parameters), false));
    }

    private static void addOpen(String name, Filter filter) {
        ALL.put(name, new Known(filter, List.of(), true));
    }

    /** @throws TemplateFailure when there is none of that name */
    static Filter named(String name) {
        return known(name).filter;
    }

    /**
     * A filter as it is written.
     *
     * @throws TemplateFailure when there is none of that name, or it does not know one of the arguments
     */
    static Filter named(String name, ArgumentsExpression arguments) {
        Known known = known(name);
        for (String argument : arguments.named().keySet()) {
            if (!known.parameters.contains(argument)) {
                throw new TemplateFailure("the filter " + name + " does not know the argument " + argument
                        + " here; known are " + known.parameters);
            }
        }
        int written = arguments.positional().size();
        if (!known.open && written > known.parameters.size()) {
            throw new TemplateFailure("the filter " + name + " takes at most " + known.parameters.size()
                    + " arguments here, " + known.parameters + ", not " + written);
        }
        return known.filter;
    }

    private static Known known(String name) {
        Known known = ALL.get(name);
        if (known == null) {
            throw new TemplateFailure("no such filter: " + name + "; known are " + ALL.keySet());
        }
        return known;
    }

    private static Object replaced(@Nullable Object value, Arguments arguments) {
        return Python.text(value).replace(arguments.text(0, "old"), arguments.text(1, "new"));
    }

    /** 0 for what is no number, as in Jinja. */
    private static @Nullable Object integer(@Nullable Object value, Arguments arguments) {
        if (value instanceof Number number) {
            return number.longValue();
        }
        try {
            return Long.valueOf(Python.text(value).strip());
        } catch (NumberFormatException none) {
            return arguments.or(0, "default", 0L);
        }
    }

    private static @Nullable Object orDefault(@Nullable Object value, Arguments arguments) {
        boolean orFalse = Python.truth(arguments.or(1, "boolean", false));
        boolean missing = value instanceof Undefined || (orFalse && !Python.truth(value));
        return missing ? arguments.or(0, "default_value", "") : value;
    }

    private static Object reversed(@Nullable Object value, Arguments arguments) {
        if (value instanceof String text) {
            return new StringBuilder(text).reverse().toString();
        }
        List<@Nullable Object> elements = new ArrayList<>(Python.elements(value));
        Collections.reverse(elements);
        return elements;
    }

    private static Object items(@Nullable Object value, Arguments arguments) {
        if (value instanceof Undefined) {
            return List.of();
        }
        if (value instanceof Map<?, ?> map) {
            return Methods.pairs(map);
        }
        throw new TemplateFailure("items of what is no mapping");
    }

    private static Object indented(@Nullable Object value, Arguments arguments) {
        Object width = arguments.or(0, "width", 4L);
        String blanks = width instanceof String text ? text : " ".repeat(arguments.integer(0, "width", 4));
        boolean first = Python.truth(arguments.or(1, "first", false));
        boolean blankLines = Python.truth(arguments.or(2, "blank", false));
        String[] lines = Python.text(value).split("\n", -1);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < lines.length; i++) {
            boolean indent = i == 0 ? first : blankLines || !lines[i].isEmpty();
            out.append(i == 0 ? "" : "\n").append(indent ? blanks : "").append(lines[i]);
        }
        return out.toString();
    }

    private static Object mapped(@Nullable Object value, Arguments arguments) {
        Object attribute = arguments.or(-1, "attribute", null);
        Filter filter = attribute == null ? named(arguments.text(0, "filter")) : null;
        List<@Nullable Object> results = new ArrayList<>();
        for (Object element : Python.elements(value)) {
            results.add(
                    filter == null
                            ? Methods.attribute(element, Python.text(attribute))
                            : filter.apply(element, rest(arguments, 1)));
        }
        return results;
    }

    private static Object chosen(@Nullable Object value, Arguments arguments, boolean byAttribute, boolean wanted) {
        int testAt = byAttribute ? 1 : 0;
        Tests.Test test = arguments.positional().size() > testAt
                ? Tests.named(arguments.text(testAt, "test"))
                : (element, none) -> Python.truth(element);
        List<@Nullable Object> results = new ArrayList<>();
        for (Object element : Python.elements(value)) {
            Object tested = byAttribute ? Methods.attribute(element, arguments.text(0, "attribute")) : element;
            if (test.holds(tested, rest(arguments, testAt + 1)) == wanted) {
                results.add(element);
            }
        }
        return results;
    }

    private static Arguments rest(Arguments arguments, int from) {
        List<@Nullable Object> all = arguments.positional();
        return from >= all.size() ? NO_ARGUMENTS : new Arguments(all.subList(from, all.size()), Map.of());
    }
}
