package inference.pieces;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;

/** What two rows of tokens have in common, and where they part. Stateless. */
final class Tokens {
    private Tokens() {}

    /** What follows a beginning; empty when it does not begin so. */
    static Optional<int[]> after(int[] beginning, int[] whole) {
        int length = beginning.length;
        return length <= whole.length && Arrays.equals(beginning, 0, length, whole, 0, length)
                ? Optional.of(Arrays.copyOfRange(whole, length, whole.length))
                : Optional.empty();
    }

    /** What stands before an end; empty when it does not end so. */
    static Optional<int[]> before(int[] end, int[] whole) {
        int length = whole.length - end.length;
        return length >= 0 && Arrays.equals(end, 0, end.length, whole, length, whole.length)
                ? Optional.of(Arrays.copyOf(whole, length))
                : Optional.empty();
    }

    /** The beginning that both have. */
    static int[] common(int[] one, int[] other) {
        int mismatch = Arrays.mismatch(one, other);
        return mismatch < 0 ? one : Arrays.copyOf(one, mismatch);
    }

    /** Two answers made one, once both are there; empty when one is. */
    static CompletionStage<Optional<int[]>> both(
            CompletionStage<Optional<int[]>> one,
            CompletionStage<Optional<int[]>> other,
            BiFunction<int[], int[], Optional<int[]>> made) {
        return one.thenCombine(other, (a, b) -> a.flatMap(first -> b.flatMap(second -> made.apply(first, second))));
    }
}
