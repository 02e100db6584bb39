package cluster;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One lease in table {@code survivor_lease}, as one owner sees and changes it. Every change is a single statement, and every time
 * the store's own: nodes' clocks do not count.
 *
 * <p>Each call takes a connection of its own, so that it neither waits behind turns nor meets one that died with an earlier run of
 * the store. A call fails as its driver does; it has no deadline.
 *
 * <p><em>Thread-safety:</em> immutable.
 */
final class SurvivorRow {
    private static final String CLAIM =
            """
            INSERT INTO survivor_lease AS held (name, owner, side, expires_at)
            VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
            ON CONFLICT (name) DO UPDATE
            SET owner = excluded.owner, side = excluded.side, expires_at = excluded.expires_at
            WHERE held.owner = excluded.owner OR held.expires_at < clock_timestamp()
            OR (held.owner = ANY(excluded.side) AND excluded.owner = ANY(held.side))""";
    private static final String RENEW =
            """
            UPDATE survivor_lease SET side = $3, expires_at = clock_timestamp() + make_interval(secs => $4)
            WHERE name = $1 AND owner = $2""";
    private static final String RELEASE =
            """
            UPDATE survivor_lease SET expires_at = clock_timestamp()
            WHERE name = $1 AND owner = $2 AND expires_at = $3""";
    private static final String SELECT = "SELECT owner, side, expires_at FROM survivor_lease WHERE name = $1";

    private final ConnectionFactory connections;
    private final String name;
    private final String owner;
    private final Duration validity;

    /** @param validity how long a claim or a renewal counts */
    SurvivorRow(ConnectionFactory connections, String name, String owner, Duration validity) {
        this.connections = connections;
        this.name = name;
        this.owner = owner;
        this.validity = validity;
    }

    /**
     * Who holds the lease.
     *
     * @param side owners that it could reach when it last renewed
     * @param until when it expires
     */
    record Holding(String owner, Set<String> side, OffsetDateTime until) {
        /** Whether somebody took or renewed it since it was seen as given. Its end moved to an earlier time tells that it is let go. */
        boolean livesSince(Holding seen) {
            return !owner.equals(seen.owner) || until.isAfter(seen.until);
        }
    }

    /**
     * Takes the lease if it has expired, is this owner's already, or another's of the same side: one in {@code side}, on whose side this
     * owner is, too.
     *
     * @return who holds it then
     */
    Mono<Holding> claim(Set<String> side) {
        return change(CLAIM, extension(side));
    }

    /**
     * Holds the lease for longer if it is still this owner's, however late.
     *
     * @return who holds it then; empty if the row is gone
     */
    Mono<Holding> renew(Set<String> side) {
        return change(RENEW, extension(side));
    }

    /**
     * Lets the lease end now if it is this owner's and as it was when seen. The store may run this late, after a claim that has won since:
     * that counts.
     *
     * @return who holds it then, or held it until now; empty if the row is gone
     */
    Mono<Holding> release(Holding seen) {
        return change(RELEASE, statement -> statement.bind(2, seen.until()));
    }

    private UnaryOperator<Statement> extension(Set<String> side) {
        return statement -> statement.bind(2, side.toArray(String[]::new)).bind(3, validity.toNanos() / 1e9);
    }

    /** @param values binds what follows name and owner */
    private Mono<Holding> change(String sql, UnaryOperator<Statement> values) {
        return Mono.usingWhen(
                connections.create(),
                connection -> Flux.from(values.apply(connection
                                        .createStatement(sql)
                                        .bind(0, name)
                                        .bind(1, owner))
                                .execute())
                        .flatMap(Result::getRowsUpdated)
                        .thenMany(Flux.from(
                                connection.createStatement(SELECT).bind(0, name).execute()))
                        .flatMap(result -> result.map(SurvivorRow::holding))
                        .next(),
                Connection::close);
    }

    private static Holding holding(Readable row) {
        return new Holding(
                Objects.requireNonNull(row.get(0, String.class)),
                Set.copyOf(Arrays.asList(Objects.requireNonNull(row.get(1, String[].class)))),
                Objects.requireNonNull(row.get(2, OffsetDateTime.class)));
    }
}
