package inference.pieces;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets a few questions be open at once; the others wait in the order they came.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class Gate {
    private final int most;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int open;

    /** @param most open at once */
    Gate(int most) {
        this.most = most;
    }

    /** Asks when it is its turn. */
    <T> CompletionStage<T> pass(Supplier<CompletionStage<T>> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Runnable asking = () -> asked(question).whenComplete((told, failure) -> {
            Runnable next = next();
            if (next != null) {
                next.run();
            }
            if (failure == null) {
                answer.complete(told);
            } else {
                answer.completeExceptionally(failure);
            }
        });
        if (enter(asking)) {
            asking.run();
        }
        return answer;
    }

    private static <T> CompletionStage<T> asked(Supplier<CompletionStage<T>> question) {
        try {
            return question.get();
        } catch (RuntimeException failure) {
            return CompletableFuture.failedStage(failure);
        }
    }

    private synchronized boolean enter(Runnable asking) {
        if (open == most) {
            waiting.add(asking);
            return false;
        }
        open++;
        return true;
    }

    /** The one that takes the place of one that is answered. */
    private synchronized @Nullable Runnable next() {
        Runnable next = waiting.poll();
        if (next == null) {
            open--;
        }
        return next;
    }
}
