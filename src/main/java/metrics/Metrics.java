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
import java.util.function.Supplier;

/**
 * The process's metrics. Label values are in lower case, however their constants are written.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class Metrics {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /** Adds one to a counter. */
    public void count(Metric metric, String... labelValues) {
        count(metric, 1, labelValues);
    }

    /** Adds an amount to a counter. */
    public void count(Metric metric, double amount, String... labelValues) {
        Counter.builder(metric.id())
                .description(metric.help())
                .tags(tags(metric, Metric.Kind.COUNTER, labelValues))
                .register(registry)
                .increment(amount);
    }

    /** Records one duration. */
    public void time(Metric metric, Duration duration, String... labelValues) {
        Timer.builder(metric.id())
                .description(metric.help())
                .publishPercentileHistogram()
                .tags(tags(metric, Metric.Kind.TIMER, labelValues))
                .register(registry)
                .record(duration);
    }

    /** Observes a value whenever metrics are read; registering the same labels again keeps the first. */
    public void gauge(Metric metric, Supplier<Number> value, String... labelValues) {
        Gauge.builder(metric.id(), value)
                .description(metric.help())
                .tags(tags(metric, Metric.Kind.GAUGE, labelValues))
                .register(registry);
    }

    /** All metrics in Prometheus' text format. */
    public String scrape() {
        return registry.scrape();
    }

    private static List<Tag> tags(Metric metric, Metric.Kind kind, String[] values) {
        if (metric.kind() != kind || metric.labelCount() != values.length) {
            throw new IllegalArgumentException(
                    metric + " is a " + metric.kind() + " with " + metric.labelCount() + " labels");
        }
        List<Tag> tags = new ArrayList<>(values.length);
        for (int i = 0; i < values.length; i++) {
            tags.add(Tag.of(metric.label(i), values[i].toLowerCase(Locale.ROOT)));
        }
        return tags;
    }
}
