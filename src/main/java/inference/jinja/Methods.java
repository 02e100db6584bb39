package inference.jinja;

import inference.jinja.Callable.Arguments;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Attributes, items, and Python's methods of texts and mappings. Stateless. */
final class Methods {
    private Methods() {}

    /** {@code object.name}: a method of a mapping before an item of it, as Jinja prefers attributes; a namespace has none. */
    static @Nullable Object attribute(@Nullable Object object, String name) {
        if (object instanceof Undefined unknown) {
            throw new TemplateFailure(unknown.name() + " is undefined");
        }
        if (object instanceof Map<?, ?> map) {
            Object method = map instanceof Statements.Namespace ? Undefined.of(name) : ofMapping(map, name);
            return method instanceof Undefined && map.containsKey(name) ? map.get(name) : method;
        }
        return object instanceof String text ? ofText(text, name) : Undefined.of(name);
    }

    /** {@code object[key]}. */
    static @Nullable Object item(@Nullable Object object, @Nullable Object key) {
        if (object instanceof Undefined unknown) {
            throw new TemplateFailure(unknown.name() + " is undefined");
        }
        if (object instanceof Map<?, ?> map) {
            return map.containsKey(key) ? map.get(key) : Undefined.of(Python.text(key));
        }
        if (object instanceof String text && key instanceof Long index) {
            return character(text, index);
        }
        if (key instanceof Long index) {
            List<@Nullable Object> elements = Python.elements(object);
            long at = index < 0 ? index + elements.size() : index;
            return at >= 0 && at < elements.size() ? elements.get((int) at) : Undefined.of("element " + index);
        }
        return key instanceof String name ? attribute(object, name) : Undefined.of(Python.text(key));
    }

    private static Object character(String text, long index) {
        int length = text.codePointCount(0, text.length());
        long at = index < 0 ? index + length : index;
        return at >= 0 && at < length
                ? Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) at)))
                : Undefined.of("element " + index);
    }

    /** {@code object[from:to:step]}. */
    static Object slice(@Nullable Object object, @Nullable Object from, @Nullable Object to, @Nullable Object step) {
        List<@Nullable Object> elements = Python.elements(object);
        int size = elements.size();
        int by = step == null ? 1 : integer(step);
        if (by == 0) {
            throw new TemplateFailure("a slice's step is 0");
        }
        int first = from == null ? (by > 0 ? 0 : size - 1) : bound(integer(from), size, by);
        int end = to == null ? (by > 0 ? size : -1) : bound(integer(to), size, by);
        List<@Nullable Object> part = new ArrayList<>();
        for (int i = first; by > 0 ? i < end : i > end; i += by) {
            part.add(elements.get(i));
        }
        if (object instanceof String) {
            StringBuilder text = new StringBuilder();
            part.forEach(text::append);
            return text.toString();
        }
        return part;
    }

    private static int bound(int index, int size, int step) {
        int at = index < 0 ? index + size : index;
        return step > 0 ? Math.max(0, Math.min(size, at)) : Math.max(-1, Math.min(size - 1, at));
    }

    private static int integer(Object value) {
        if (value instanceof Long number) {
            return Math.toIntExact(number);
        }
        throw new TemplateFailure("a slice's bound is no integer");
    }

    private static Object ofMapping(Map<?, ?> map, String name) {
        return switch (name) {
            case "get" ->
                (Callable) arguments -> {
                    Object key = arguments.of(0, "key");
                    return map.containsKey(key) ? map.get(key) : arguments.or(1, "default", null);
                };
            case "items" -> (Callable) arguments -> pairs(map);
            case "keys" -> (Callable) arguments -> new ArrayList<Object>(map.keySet());
            case "values" -> (Callable) arguments -> new ArrayList<@Nullable Object>(map.values());
            default -> Undefined.of(name);
        };
    }

    static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> {
            List<@Nullable Object> pair = new ArrayList<>();
            pair.add(key);
            pair.add(value);
            pairs.add(pair);
        });
        return pairs;
    }

    private static Object ofText(String text, String name) {
        return switch (name) {
            case "strip" -> (Callable) arguments -> strip(text, arguments, true, true);
            case "lstrip" -> (Callable) arguments -> strip(text, arguments, true, false);
            case "rstrip" -> (Callable) arguments -> strip(text, arguments, false, true);
            case "startswith" -> (Callable) arguments -> any(arguments, text::startsWith);
            case "endswith" -> (Callable) arguments -> any(arguments, text::endsWith);
            case "split" -> (Callable) arguments -> split(text, arguments);
            case "splitlines" ->
                (Callable) arguments -> new ArrayList<Object>(text.lines().toList());
            case "upper" -> (Callable) arguments -> text.toUpperCase(Locale.ROOT);
            case "lower" -> (Callable) arguments -> text.toLowerCase(Locale.ROOT);
            case "capitalize" -> (Callable) arguments -> capitalized(text);
            case "replace" -> (Callable) arguments -> text.replace(arguments.text(0, "old"), arguments.text(1, "new"));
            case "find" -> (Callable) arguments -> (long) text.indexOf(arguments.text(0, "sub"));
            case "join" -> (Callable) arguments -> join(text, arguments.of(0, "iterable"));
            default -> Undefined.of(name);
        };
    }

    private static boolean any(Arguments arguments, java.util.function.Predicate<String> test) {
        Object affix = arguments.of(0, "affix");
        return affix instanceof String text
                ? test.test(text)
                : Python.elements(affix).stream().anyMatch(each -> test.test(Python.text(each)));
    }

    static String strip(String text, Arguments arguments, boolean left, boolean right) {
        Object chars = arguments.or(0, "chars", null);
        int from = 0;
        int to = text.length();
        while (left && from < to && stripped(text.charAt(from), chars)) {
            from++;
        }
        while (right && to > from && stripped(text.charAt(to - 1), chars)) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean stripped(char next, @Nullable Object chars) {
        return chars instanceof String set ? set.indexOf(next) >= 0 : blank(next);
    }

    /** What Python takes for white space. */
    private static boolean blank(char next) {
        return Character.isWhitespace(next) || Character.isSpaceChar(next) || next == '\u0085';
    }

    private static List<Object> split(String text, Arguments arguments) {
        Object separator = arguments.or(0, "sep", null);
        int most = arguments.integer(1, "maxsplit", -1);
        List<Object> parts = new ArrayList<>();
        if (!(separator instanceof String by)) {
            for (String word : text.strip().split("\\s+", most < 0 ? 0 : most + 1)) {
                if (!word.isEmpty()) {
                    parts.add(word);
                }
            }
            return parts;
        }
        if (by.isEmpty()) {
            throw new TemplateFailure("split by an empty text");
        }
        int from = 0;
        for (int at = text.indexOf(by); at >= 0 && parts.size() != most; at = text.indexOf(by, from)) {
            parts.add(text.substring(from, at));
            from = at + by.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    static String capitalized(String text) {
        return text.isEmpty()
                ? text
                : text.substring(0, 1).toUpperCase(Locale.ROOT)
                        + text.substring(1).toLowerCase(Locale.ROOT);
    }

    static String join(String separator, @Nullable Object elements) {
        return String.join(
                separator, Python.elements(elements).stream().map(Python::text).toList());
    }
}
