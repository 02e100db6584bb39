package frontend;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * What clients waited for.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class Latencies {
    private final List<Long> opening = new ArrayList<>();
    private final List<Long> returning = new ArrayList<>();
    private final List<Long> between = new ArrayList<>();

    /**
     * From the request to the first chunk of text.
     *
     * @param opens whether it was the first request of its session
     */
    synchronized void first(boolean opens, long nanos) {
        (opens ? opening : returning).add(nanos);
    }

    /** From one chunk of text to the next. */
    synchronized void between(long nanos) {
        between.add(nanos);
    }

    synchronized int answers() {
        return opening.size() + returning.size();
    }

    /** p50 and p99 of all turns, of sessions' first turns, of their later ones, and between chunks; in milliseconds. */
    synchronized double[] figures() {
        List<Long> all = Stream.concat(opening.stream(), returning.stream()).toList();
        return Stream.of(all, opening, returning, between)
                .flatMapToDouble(nanos -> DoubleStream.of(percentile(nanos, 50), percentile(nanos, 99)))
                .toArray();
    }

    private static double percentile(List<Long> nanos, int percent) {
        List<Long> sorted = nanos.stream().sorted().toList();
        return sorted.get((sorted.size() * percent + 99) / 100 - 1) / 1e6;
    }
}
