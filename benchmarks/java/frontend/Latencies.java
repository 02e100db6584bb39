package frontend;

import java.util.ArrayList;
import java.util.List;

/**
 * What clients waited for.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class Latencies {
    private final List<Long> first = new ArrayList<>();
    private final List<Long> between = new ArrayList<>();

    /** From the request to the first chunk of text. */
    synchronized void first(long nanos) {
        first.add(nanos);
    }

    /** From one chunk of text to the next. */
    synchronized void between(long nanos) {
        between.add(nanos);
    }

    synchronized int answers() {
        return first.size();
    }

    /** p50 and p99 of both, in milliseconds. */
    synchronized double[] figures() {
        return new double[] {
            percentile(first, 50), percentile(first, 99), percentile(between, 50), percentile(between, 99)
        };
    }

    private static double percentile(List<Long> nanos, int percent) {
        List<Long> sorted = nanos.stream().sorted().toList();
        return sorted.get((sorted.size() * percent + 99) / 100 - 1) / 1e6;
    }
}
