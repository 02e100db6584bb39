package workers.openai;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An engine's metrics in Prometheus' text format.
 *
 * <p>Thread-safety: immutable once parsed.
 *
 * @see <a href="https://prometheus.io/docs/instrumenting/exposition_formats/">Exposition formats</a>
 */
public final class MetricsText {
    private static final Pattern SAMPLE =
            Pattern.compile("^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})?\\s+(\\S+)(?:\\s+\\d+)?\\s*$");
    private static final Pattern LABEL = Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    private final Map<String, Double> sums = new HashMap<>();
    private final Map<String, Map<String, String>> labels = new HashMap<>();

    private MetricsText() {}

    /** Parses a page; lines that are no samples are skipped. */
    public static MetricsText parse(String page) {
        MetricsText metrics = new MetricsText();
        page.lines().filter(line -> !line.startsWith("#")).forEach(metrics::sample);
        return metrics;
    }

    /** Value of the first of the given metrics that is there, summed over its label sets. */
    public OptionalDouble value(String... names) {
        for (String name : names) {
            Double sum = sums.get(name);
            if (sum != null) {
                return OptionalDouble.of(sum);
            }
        }
        return OptionalDouble.empty();
    }

    /** A number in a label of an information metric, or a default. */
    int label(String name, String label, int otherwise) {
        String text = labels.getOrDefault(name, Map.of()).getOrDefault(label, "");
        return text.matches("\\d{1,9}") ? Integer.parseInt(text) : otherwise;
    }

    private void sample(String line) {
        Matcher sample = SAMPLE.matcher(line);
        if (!sample.matches()) {
            return;
        }
        try {
            sums.merge(sample.group(1), Double.parseDouble(sample.group(3)), Double::sum);
        } catch (NumberFormatException e) {
            return; // "+Inf" and "NaN" in Prometheus' own spelling: nothing we read is either
        }
        if (sample.group(2) != null) {
            Map<String, String> found = labels.computeIfAbsent(sample.group(1), name -> new HashMap<>());
            Matcher label = LABEL.matcher(sample.group(2));
            while (label.find()) {
                found.put(label.group(1), label.group(2));
            }
        }
    }
}
