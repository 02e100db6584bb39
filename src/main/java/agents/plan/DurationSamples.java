package agents.plan;

import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * The latest observed durations, in seconds.
 *
 * <p>Mutable, not thread safe.
 */
final class DurationSamples {
    private final int capacity;
    private final ArrayDeque<Double> seconds = new ArrayDeque<>();

    /** @param capacity of which on the oldest is forgotten for each new one */
    DurationSamples(int capacity) {
        this.capacity = capacity;
    }

    void add(double observed) {
        if (seconds.size() == capacity) {
            seconds.removeFirst();
        }
        seconds.addLast(observed);
    }

    int count() {
        return seconds.size();
    }

    /** The shortest first. */
    double[] sorted() {
        double[] sorted = inOrder();
        Arrays.sort(sorted);
        return sorted;
    }

    /** 0 of none. */
    double mean() {
        return seconds.isEmpty() ? 0 : Arrays.stream(inOrder()).sum() / seconds.size();
    }

    /** The oldest first. */
    double[] inOrder() {
        return seconds.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
