package cluster;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.List;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Single statements on the store. Each is a transaction of its own, so that it happens whole or not at all and takes one message to
 * the store and one back. Nothing of it, nor of making the statement, runs on the caller's thread.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
record Statements(ConnectionFactory connections) {

    /** Writes; tells how many rows were written. */
    Mono<Long> update(Function<Connection, Statement> statement) {
        return results(statement, Result::getRowsUpdated).reduce(0L, Long::sum);
    }

    /** Reads all rows. */
    <T> Mono<List<T>> rows(Function<Connection, Statement> statement, Function<Readable, T> read) {
        return results(statement, result -> result.map(read)).collectList();
    }

    private <T> Flux<T> results(Function<Connection, Statement> statement, Function<Result, Publisher<T>> read) {
        return Flux.usingWhen(
                        connections.create(),
                        connection ->
                                Flux.from(statement.apply(connection).execute()).flatMap(read),
                        Connection::close)
                .subscribeOn(Schedulers.parallel());
    }
}
