package inference.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A function, a macro or a method bound to its object. */
@FunctionalInterface
interface Callable {
    @Nullable
    Object call(Arguments arguments);

    /** Arguments by position and by name. */
    record Arguments(List<@Nullable Object> positional, Map<String, @Nullable Object> named) {

        /** An argument that may be left out; a negative position for one that is only named. */
        @Nullable
        Object or(int position, String name, @Nullable Object otherwise) {
            if (position >= 0 && position < positional.size()) {
                return positional.get(position);
            }
            return named.containsKey(name) ? named.get(name) : otherwise;
        }

        /** An argument that may not be left out. */
        @Nullable
        Object of(int position, String name) {
            Object value = or(position, name, Undefined.of(name));
            if (value instanceof Undefined) {
                throw new TemplateFailure("argument " + name + " is missing or undefined");
            }
            return value;
        }

        /** A text that may not be left out. */
        String text(int position, String name) {
            if (of(position, name) instanceof String text) {
                return text;
            }
            throw new TemplateFailure("argument " + name + " is no text");
        }

        int integer(int position, String name, long otherwise) {
            if (or(position, name, otherwise) instanceof Long number) {
                return Math.toIntExact(number);
            }
            throw new TemplateFailure("argument " + name + " is no integer");
        }
    }
}
