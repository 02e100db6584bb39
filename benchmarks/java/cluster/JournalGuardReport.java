package cluster;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What the journal's guard against events behind a snapshot costs an insert: the same rows with the trigger and without, in turns,
 * one commit each as the journal does it. Each entity has a snapshot, so that the trigger finds a row. Once to the disk, and once
 * without waiting for it, which leaves the statement.
 */
public final class JournalGuardReport {
    private static final int ROUNDS = 9;
    private static final int EVENTS = 1_000;
    private static final int ENTITIES = 50;
    private static final byte[] PAYLOAD = new byte[700];
    private static final String INSERT =
            """
            INSERT INTO event_journal (persistence_id, seq_nr, slice, entity_type, db_timestamp, event_ser_id, event_ser_manifest,
            event_payload, writer) VALUES ($1, $2, 7, 'session', transaction_timestamp(), 33, 'turn-completed', $3, 'writer')""";

    private final Connection connection;
    private long next = 1;

    private JournalGuardReport(Connection connection) {
        this.connection = connection;
    }

    public static void main(String[] arguments) throws IOException {
        try (RealStore store = RealStore.in(Files.createTempDirectory(Path.of("target"), "journal-guard"))) {
            Connection connection = Mono.from(
                            ConnectionFactories.get(store.connection().toOptions())
                                    .create())
                    .block();
            JournalGuardReport report = new JournalGuardReport(connection);
            report.execute(
                    "INSERT INTO snapshot (persistence_id, seq_nr, slice, entity_type, write_timestamp, ser_id, ser_manifest,"
                            + " snapshot) SELECT 'session|' || n, 0, 7, 'session', 1, 33, '', '' FROM generate_series(1, "
                            + ENTITIES + ") n");
            report.print("to the disk");
            report.execute("SET synchronous_commit = off");
            report.print("not waiting for it");
            Mono.from(connection.close()).block();
        }
    }

    private void print(String commit) {
        round("DISABLE");
        List<double[]> both = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            both.add(new double[] {round("DISABLE"), round("ENABLE")});
        }
        double without = median(both.stream().mapToDouble(round -> round[0]).toArray());
        double with = median(both.stream().mapToDouble(round -> round[1]).toArray());
        double ratio =
                median(both.stream().mapToDouble(round -> round[1] / round[0]).toArray());
        System.out.printf(
                Locale.ROOT,
                "commit %s: %.0f us an event without the trigger, %.0f us with it, ratio %.2f%n",
                commit,
                without,
                with,
                ratio);
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    /** @return microseconds of an event */
    private double round(String trigger) {
        execute("ALTER TABLE event_journal " + trigger + " TRIGGER behind_snapshot");
        long from = next;
        next += EVENTS;
        long start = System.nanoTime();
        Flux.range(0, EVENTS)
                .concatMap(i -> Flux.from(connection
                                .createStatement(INSERT)
                                .bind(0, "session|" + (1 + i % ENTITIES))
                                .bind(1, from + i)
                                .bind(2, PAYLOAD)
                                .execute())
                        .flatMap(Result::getRowsUpdated))
                .blockLast();
        return (System.nanoTime() - start) / 1e3 / EVENTS;
    }

    private void execute(String sql) {
        Flux.from(connection.createStatement(sql).execute())
                .flatMap(Result::getRowsUpdated)
                .blockLast();
    }
}
