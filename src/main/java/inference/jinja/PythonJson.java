package inference.jinja;

import inference.jinja.Callable.Arguments;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * JSON as Python's {@code json.dumps} writes it, which is what {@code tojson} means in chat templates. Stateless.
 *
 * @see <a href="https://huggingface.co/docs/transformers/chat_templating">Transformers, chat templates</a>
 */
final class PythonJson {
    private PythonJson() {}

    /**
     * How to write.
     *
     * @param indent blanks per level, negative for one line
     * @param comma behind each element but the last
     * @param colon behind each key
     */
    record Style(boolean ascii, int indent, String comma, String colon, boolean sorted) {
        /** The filter's arguments. */
        static Style of(Arguments arguments) {
            boolean ascii = Python.truth(arguments.or(0, "ensure_ascii", false));
            int indent = arguments.or(1, "indent", null) == null ? -1 : arguments.integer(1, "indent", -1);
            Object separators = arguments.or(2, "separators", null);
            boolean sorted = Python.truth(arguments.or(3, "sort_keys", false));
            if (separators == null) {
                return new Style(ascii, indent, indent < 0 ? ", " : ",", ": ", sorted);
            }
            List<@Nullable Object> both = Python.elements(separators);
            if (both.size() != 2) {
                throw new TemplateFailure("tojson's separators are not two");
            }
            return new Style(ascii, indent, Python.text(both.get(0)), Python.text(both.get(1)), sorted);
        }
    }

    static String write(@Nullable Object value, Style style) {
        StringBuilder out = new StringBuilder();
        write(value, style, 0, out);
        return out.toString();
    }

    private static void write(@Nullable Object value, Style style, int level, StringBuilder out) {
        if (value == null) {
            out.append("null");
        } else if (value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof Number number) {
            out.append(Python.number(number));
        } else if (value instanceof String text) {
            quote(text, style, out);
        } else if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> named = style.sorted() ? new TreeMap<>() : new LinkedHashMap<>();
            map.forEach((key, member) -> named.put(Python.text(key), member));
            Iterator<Map.Entry<String, @Nullable Object>> members =
                    named.entrySet().iterator();
            sequence('{', '}', map.isEmpty(), style, level, out, () -> {
                Map.Entry<String, @Nullable Object> member = members.next();
                quote(member.getKey(), style, out);
                out.append(style.colon());
                write(member.getValue(), style, level + 1, out);
                return members.hasNext();
            });
        } else if (value instanceof List<?> list) {
            Iterator<?> elements = list.iterator();
            sequence('[', ']', list.isEmpty(), style, level, out, () -> {
                write(elements.next(), style, level + 1, out);
                return elements.hasNext();
            });
        } else {
            throw new TemplateFailure("tojson of what is no JSON: " + value);
        }
    }

    /** Writes an element and tells whether there is another. */
    private interface Elements {
        boolean writeNext();
    }

    private static void sequence(
            char open, char close, boolean empty, Style style, int level, StringBuilder out, Elements elements) {
        out.append(open);
        boolean more = !empty;
        while (more) {
            lineBreak(style.indent(), level + 1, out);
            more = elements.writeNext();
            out.append(more ? style.comma() : "");
        }
        if (!empty) {
            lineBreak(style.indent(), level, out);
        }
        out.append(close);
    }

    private static void lineBreak(int indent, int level, StringBuilder out) {
        if (indent >= 0) {
            out.append('\n').append(" ".repeat(indent * level));
        }
    }

    private static void quote(String text, Style style, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char next = text.charAt(i);
            switch (next) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (next < ' ' || (style.ascii() && next > '~')) {
                        out.append("\\u%04x".formatted((int) next));
                    } else {
                        out.append(next);
                    }
                }
            }
        }
        out.append('"');
    }
}
