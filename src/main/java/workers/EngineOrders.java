package workers;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Orders to an engine, one after the other: over connections of their own a later one could overtake, and the release of a
 * hold come before it. Confined to its worker.
 */
final class EngineOrders {
    private CompletionStage<?> last = CompletableFuture.completedFuture(true);

    /** Gives an order once all before it are answered or failed. */
    <T> CompletionStage<T> give(Supplier<CompletionStage<T>> order) {
        CompletionStage<T> next = last.handle((done, failure) -> true).thenCompose(ended -> order.get());
        last = next;
        return next;
    }
}
