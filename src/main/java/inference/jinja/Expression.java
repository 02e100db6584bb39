package inference.jinja;

import org.jspecify.annotations.Nullable;

/**
 * An expression of a template. Its values are Python's: null for None, {@link Boolean}, {@link Long}, {@link Double}, {@link String},
 * {@link java.util.List}, {@link java.util.Map}, {@link Callable} and {@link Undefined}.
 *
 * <p>Thread-safety: immutable.
 */
@FunctionalInterface
interface Expression {
    @Nullable
    Object value(Scope scope);
}
