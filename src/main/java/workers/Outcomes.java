package workers;

import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Begins something and brings its outcome back into the worker; exactly one argument of the consumer is not null. What throws instead
 * of beginning has failed.
 */
interface Outcomes {
    <T> void await(Supplier<CompletionStage<T>> work, BiConsumer<@Nullable T, @Nullable Throwable> then);
}
