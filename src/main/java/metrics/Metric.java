package metrics;

import java.util.List;

/** One constant per metric: name, kind, help, and the labels it carries. Values are seconds, bytes or counts. */
public enum Metric {
    TURNS("holdfast.turns", Kind.COUNTER, "Turns that ended, by outcome", "outcome"),
    TIME_TO_FIRST_TOKEN("holdfast.ttft", Kind.TIMER, "Time from a request's receipt to its first token"),
    HTTP_RESPONSES(
            "holdfast.http.responses",
            Kind.COUNTER,
            "HTTP responses, by status; a stream counts when it begins",
            "status"),
    HTTP_TURNS_RUNNING("holdfast.http.turns.running", Kind.GAUGE, "Turns that clients wait for"),
    HTTP_DECODE("holdfast.http.decode", Kind.TIMER, "Time to turn a request's JSON tree into a request");

    /** How a metric is observed. */
    public enum Kind {
        COUNTER,
        TIMER,
        GAUGE
    }

    private final String id;
    private final Kind kind;
    private final String help;
    private final List<String> labels;

    Metric(String id, Kind kind, String help, String... labels) {
        this.id = id;
        this.kind = kind;
        this.help = help;
        this.labels = List.of(labels);
    }

    public String id() {
        return id;
    }

    public Kind kind() {
        return kind;
    }

    public String help() {
        return help;
    }

    String label(int position) {
        return labels.get(position);
    }

    int labelCount() {
        return labels.size();
    }
}
