package cluster;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/** Work on the store that happens whole or not at all. */
final class Transactions {
    private Transactions() {}

    static <T> Mono<T> run(ConnectionFactory connections, Function<Connection, Mono<T>> work) {
        return Mono.usingWhen(
                connections.create(),
                connection -> Mono.from(connection.beginTransaction())
                        // Deferred: the work, which may write a whole prompt as JSON, must not run on its caller's
                        // thread.
                        .then(Mono.defer(() -> work.apply(connection)))
                        .flatMap(result ->
                                Mono.from(connection.commitTransaction()).thenReturn(result)),
                Connection::close);
    }
}
