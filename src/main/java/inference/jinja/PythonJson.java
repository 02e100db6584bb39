package inference.jinja;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON as Python's {@code json.dumps} writes it with {@code ensure_ascii=False}, which is what {@code tojson} means in chat templates.
 * Stateless.
 */
final class PythonJson {
    private PythonJson() {}

    /** @param indent blanks per level, negative for one line */
    static String write(@Nullable Object value, int indent) {
        StringBuilder out = new StringBuilder();
        write(value, indent, 0, out);
        return out.toString();
    }

    private static void write(@Nullable Object value, int indent, int level, StringBuilder out) {
        if (value == null) {
            out.append("null");
        } else if (value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof Number number) {
            out.append(Python.number(number));
        } else if (value instanceof String text) {
            quote(text, out);
        } else if (value instanceof Map<?, ?> map) {
            Iterator<? extends Map.Entry<?, ?>> members = map.entrySet().iterator();
            sequence('{', '}', map.isEmpty(), indent, level, out, () -> {
                Map.Entry<?, ?> member = members.next();
                quote(Python.text(member.getKey()), out);
                out.append(": ");
                write(member.getValue(), indent, level + 1, out);
                return members.hasNext();
            });
        } else if (value instanceof List<?> list) {
            Iterator<?> elements = list.iterator();
            sequence('[', ']', list.isEmpty(), indent, level, out, () -> {
                write(elements.next(), indent, level + 1, out);
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
            char open, char close, boolean empty, int indent, int level, StringBuilder out, Elements elements) {
        out.append(open);
        boolean more = !empty;
        while (more) {
            lineBreak(indent, level + 1, out);
            more = elements.writeNext();
            out.append(more ? "," : "");
            out.append(more && indent < 0 ? " " : "");
        }
        if (!empty) {
            lineBreak(indent, level, out);
        }
        out.append(close);
    }

    private static void lineBreak(int indent, int level, StringBuilder out) {
        if (indent >= 0) {
            out.append('\n').append(" ".repeat(indent * level));
        }
    }

    private static void quote(String text, StringBuilder out) {
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
                    if (next < ' ') {
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
