package inference.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The statements of templates. Stateless. */
final class Statements {
    private Statements() {}

    static Statement text(String text) {
        return (scope, out) -> {
            out.append(text);
            return Statement.Flow.NEXT;
        };
    }

    static Statement output(Expression value) {
        return (scope, out) -> {
            out.append(Python.text(value.value(scope)));
            return Statement.Flow.NEXT;
        };
    }

    static Statement set(List<String> names, Expression value) {
        return (scope, out) -> {
            assign(names, value.value(scope), scope);
            return Statement.Flow.NEXT;
        };
    }

    /** Only a namespace can be written to. */
    static Statement setAttribute(String name, String attribute, Expression value) {
        return (scope, out) -> {
            if (!(scope.get(name) instanceof Namespace namespace)) {
                throw new TemplateFailure(name + " is no namespace");
            }
            namespace.put(attribute, value.value(scope));
            return Statement.Flow.NEXT;
        };
    }

    /** What {@code namespace()} makes. */
    static final class Namespace extends LinkedHashMap<Object, @Nullable Object> {
        private static final long serialVersionUID = 1L;
    }

    static String written(Statement body, Scope scope) {
        StringBuilder out = new StringBuilder();
        body.run(scope, out);
        return out.toString();
    }

    private static void assign(List<String> names, @Nullable Object value, Scope scope) {
        if (names.size() == 1) {
            scope.set(names.get(0), value);
            return;
        }
        List<@Nullable Object> parts = Python.elements(value);
        if (parts.size() != names.size()) {
            throw new TemplateFailure(parts.size() + " values for " + names);
        }
        for (int i = 0; i < names.size(); i++) {
            scope.set(names.get(i), parts.get(i));
        }
    }

    /** One statement after the other. */
    record Sequence(List<Statement> all) implements Statement {
        @Override
        public Flow run(Scope scope, StringBuilder out) {
            for (Statement each : all) {
                Flow flow = each.run(scope, out);
                if (flow != Flow.NEXT) {
                    return flow;
                }
            }
            return Flow.NEXT;
        }
    }

    /**
     * {@code for}.
     *
     * @param filter elements for which it is false are passed over
     * @param otherwise for when there is no element
     */
    record Loop(List<String> names, Expression over, @Nullable Expression filter, Statement body, Statement otherwise)
            implements Statement {
        @Override
        public Flow run(Scope scope, StringBuilder out) {
            List<@Nullable Object> elements = elements(scope);
            if (elements.isEmpty()) {
                return otherwise.run(scope, out);
            }
            for (int i = 0; i < elements.size(); i++) {
                Scope inner = scope.inner();
                inner.set("loop", position(elements, i));
                assign(names, elements.get(i), inner);
                if (body.run(inner, out) == Flow.BREAK) {
                    break;
                }
            }
            return Flow.NEXT;
        }

        private List<@Nullable Object> elements(Scope scope) {
            List<@Nullable Object> all = Python.elements(over.value(scope));
            if (filter == null) {
                return all;
            }
            List<@Nullable Object> kept = new ArrayList<>();
            for (Object element : all) {
                Scope inner = scope.inner();
                assign(names, element, inner);
                if (Python.truth(filter.value(inner))) {
                    kept.add(element);
                }
            }
            return kept;
        }

        private static Map<String, @Nullable Object> position(List<@Nullable Object> elements, int index) {
            Map<String, @Nullable Object> loop = new LinkedHashMap<>();
            int size = elements.size();
            loop.put("index", index + 1L);
            loop.put("index0", (long) index);
            loop.put("revindex", (long) size - index);
            loop.put("revindex0", size - index - 1L);
            loop.put("first", index == 0);
            loop.put("last", index == size - 1);
            loop.put("length", (long) size);
            loop.put("previtem", index == 0 ? Undefined.of("previtem") : elements.get(index - 1));
            loop.put("nextitem", index == size - 1 ? Undefined.of("nextitem") : elements.get(index + 1));
            return loop;
        }
    }

    /** {@code macro}. */
    record Macro(String name, Map<String, @Nullable Expression> parameters, Statement body) implements Statement {
        @Override
        public Flow run(Scope scope, StringBuilder out) {
            scope.set(name, (Callable) arguments -> {
                Scope inner = scope.inner();
                int position = 0;
                for (Map.Entry<String, @Nullable Expression> parameter : parameters.entrySet()) {
                    Expression otherwise = parameter.getValue();
                    Object absent = otherwise == null ? Undefined.of(parameter.getKey()) : otherwise.value(inner);
                    inner.set(parameter.getKey(), arguments.or(position++, parameter.getKey(), absent));
                }
                return written(body, inner);
            });
            return Flow.NEXT;
        }
    }
}
