package cluster;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import reactor.core.publisher.Flux;

/** The journal's tables, made where they are missing and left alone where they exist. */
final class StoreSchema {

    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private StoreSchema() {}

    /**
     * Applies {@code schema/postgres.sql} as one transaction.
     *
     * @throws StartFailure if the database refuses us or the statements
     */
    static void applyTo(StoreConnection store) {
        try {
            Flux.usingWhen(
                            ConnectionFactories.get(store.toOptions()).create(),
                            connection -> Flux.from(connection
                                            .createStatement(statements())
                                            .execute())
                                    .flatMap(Result::getRowsUpdated),
                            Connection::close)
                    .then()
                    .block(DEADLINE);
        } catch (R2dbcException refused) {
            throw new StartFailure(
                    "session store " + store + " refuses its tables (" + refused.getMessage()
                            + "): its files may be damaged, see the store's log",
                    refused);
        }
    }

    private static String statements() {
        try (InputStream in = StoreSchema.class.getResourceAsStream("/schema/postgres.sql")) {
            if (in == null) {
                throw new IllegalStateException("not on the class path: schema/postgres.sql");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
