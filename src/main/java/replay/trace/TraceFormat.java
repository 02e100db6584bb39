package replay.trace;

import java.util.function.Predicate;
import java.util.function.Supplier;

/** Formats of trace files, told apart by their first row. */
enum TraceFormat {
    AGENT_LINEAGES(row -> row.has("b") && row.has("lin"), AgentRows::new),
    AGENT_SPACED(row -> row.has("b") && row.has("agent"), SpacedRows::new),
    MOONCAKE(row -> row.has("hash_ids"), MooncakeRows::new);

    private final Predicate<Row> recognises;
    private final Supplier<RowReader> reader;

    TraceFormat(Predicate<Row> recognises, Supplier<RowReader> reader) {
        this.recognises = recognises;
        this.reader = reader;
    }

    boolean recognises(Row row) {
        return recognises.test(row);
    }

    RowReader newReader() {
        return reader.get();
    }
}
