package inference.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Names that a part of a template sees. Confined to one rendering. */
final class Scope {
    private final Map<String, @Nullable Object> names;
    private final @Nullable Scope outer;

    private Scope(Map<String, @Nullable Object> names, @Nullable Scope outer) {
        this.names = names;
        this.outer = outer;
    }

    static Scope of(Map<String, ? extends @Nullable Object> names) {
        return new Scope(new HashMap<>(names), null);
    }

    /** A scope whose own names nobody outside sees. */
    Scope inner() {
        return new Scope(new HashMap<>(), this);
    }

    void set(String name, @Nullable Object value) {
        names.put(name, value);
    }

    @Nullable
    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Object value = scope.names.get(name);
            if (value != null || scope.names.containsKey(name)) {
                return value;
            }
        }
        return Undefined.of(name);
    }
}
