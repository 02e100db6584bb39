package metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The process's metrics. Label values are in lower case, however their constants are written.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class Metrics {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    /** Those that were used before: the registry's own way to them costs several times as much as to add to them. */
    private final Map<Series, Counter> counters = new ConcurrentHashMap<>();

    private final Map<Series, Timer> timers = new ConcurrentHashMap<>();

    private record Series(Metric metric, List<String> labelValues) {}

    /** Adds one to a counter. */
    public void count(Metric metric, String... labelValues) {
        count(metric, 1, labelValues);
    }

    /** Adds an amount to a counter. */
    public void count(Metric metric, double amount, String... labelValues) {
        counters.computeIfAbsent(new Series(metric, List.of(labelValues)), this::counter)
                .increment(amount);
    }

    /** Records one duration. */
    public void time(Metric metric, Duration duration, String... labelValues) {
        timers.computeIfAbsent(new Series(metric, List.of(labelValues)), this::timer)
                .record(duration);
    }

    /** Observes a value whenever metrics are read; registering the same labels again keeps the first. */
    public void gauge(Metric metric, Supplier<Number> value, String... labelValues) {
        Gauge.builder(metric.id(), value)
                .description(metric.help())
                .tags(tags(new Series(metric, List.of(labelValues)), Metric.Kind.GAUGE))
                .register(registry);
    }

    /** All metrics in Prometheus' text format. */
    public String scrape() {
        return registry.scrape();
    }

    private Counter counter(Series series) {
        return Counter.builder(series.metric().id())
                .description(series.metric().help())
                .tags(tags(series, Metric.Kind.COUNTER))
                .register(registry);
    }

    private Timer timer(Series series) {
        return Timer.builder(series.metric().id())
                .description(series.metric().help())
                .publishPercentileHistogram()
                .tags(tags(series, Metric.Kind.TIMER))
                .register(registry);
    }

    private static List<Tag> tags(Series series, Metric.Kind kind) {
        Metric metric = series.metric();
        List<String> values = series.labelValues();
        if (metric.kind() != kind || metric.labelCount() != values.size()) {
            throw new IllegalArgumentException(
                    metric + " is a " + metric.kind() + " with " + metric.labelCount() + " labels");
        }
        List<Tag> tags = new ArrayList<>(values.size());
        for (int i = 0; i < values.size(); i++) {
            tags.add(Tag.of(metric.label(i), values.get(i).toLowerCase(Locale.ROOT)));
        }
        return tags;
    }
}
