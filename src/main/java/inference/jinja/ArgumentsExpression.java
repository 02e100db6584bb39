package inference.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The arguments of a call as they are written. */
record ArgumentsExpression(List<Expression> positional, Map<String, Expression> named) {
    static final ArgumentsExpression NONE = new ArgumentsExpression(List.of(), Map.of());

    Callable.Arguments values(Scope scope) {
        List<@Nullable Object> values = new ArrayList<>(positional.size());
        positional.forEach(argument -> values.add(argument.value(scope)));
        Map<String, @Nullable Object> byName = new LinkedHashMap<>();
        named.forEach((name, argument) -> byName.put(name, argument.value(scope)));
        return new Callable.Arguments(values, byName);
    }
}
