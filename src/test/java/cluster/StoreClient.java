package cluster;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Flux;

/** Plain SQL over the driver that the journal uses. */
final class StoreClient {

    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private StoreClient() {}

    static void execute(StoreConnection store, String sql) {
        Flux.usingWhen(
                        ConnectionFactories.get(store.toOptions()).create(),
                        connection -> Flux.from(connection.createStatement(sql).execute())
                                .flatMap(result -> result.getRowsUpdated()),
                        Connection::close)
                .then()
                .block(DEADLINE);
    }

    /** The first column of every row. */
    static List<String> query(StoreConnection store, String sql) {
        return Flux.usingWhen(
                        ConnectionFactories.get(store.toOptions()).create(),
                        connection -> Flux.from(connection.createStatement(sql).execute())
                                .flatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0)))),
                        Connection::close)
                .collectList()
                .block(DEADLINE);
    }
}
