package cluster;

import static java.util.stream.Collectors.toMap;

import akka.actor.typed.ActorSystem;
import akka.persistence.r2dbc.ConnectionFactoryProvider;
import frontend.RefusedRequest;
import frontend.responses.ResponseStore;
import inference.InferenceFailure;
import inference.TenantId;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Responses in PostgreSQL: table {@code stored_response} by response, {@code stored_response_item} by output item. Each is
 * forgotten {@code keep} after it was made; a response that continues a forgotten one cannot be continued any more.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class StoredResponses implements ResponseStore {
    private static final Logger LOG = LoggerFactory.getLogger(StoredResponses.class);
    private static final String INSERT =
            """
            WITH response AS (
              INSERT INTO stored_response (tenant, id, previous, input, body, made_at) VALUES ($1, $2, $3, $4, $5, $6)
              ON CONFLICT (tenant, id) DO UPDATE SET previous = excluded.previous, input = excluded.input,
              body = excluded.body, made_at = excluded.made_at)
            INSERT INTO stored_response_item (tenant, id, response) SELECT $1, item, $2 FROM unnest($7::text[]) AS item
            ON CONFLICT (tenant, id) DO UPDATE SET response = excluded.response""";
    private static final String SELECT =
            "SELECT id, previous, input, body FROM stored_response WHERE tenant = $1 AND id = $2";
    private static final String SELECT_LINE =
            """
            WITH RECURSIVE line AS (
              SELECT id, previous, input, body, 0 AS depth FROM stored_response WHERE tenant = $1 AND id = $2
              UNION ALL
              SELECT r.id, r.previous, r.input, r.body, line.depth + 1 FROM line
              JOIN stored_response r ON r.tenant = $1 AND r.id = line.previous)
            SELECT id, previous, input, body FROM line ORDER BY depth DESC""";
    private static final String SELECT_OWNERS =
            """
            SELECT i.id, r.body FROM stored_response_item i
            JOIN stored_response r ON r.tenant = i.tenant AND r.id = i.response
            WHERE i.tenant = $1 AND i.id = ANY($2)""";
    private static final String DELETE = "DELETE FROM stored_response WHERE tenant = $1 AND id = $2";
    private static final String FORGET = "DELETE FROM stored_response WHERE made_at < $1";

    private final Statements statements;
    private final InstantSource clock;
    private final Duration keep;

    /** @param keep how long a response is kept */
    StoredResponses(ConnectionFactory connections, InstantSource clock, Duration keep) {
        this.statements = new Statements(connections);
        this.clock = clock;
        this.keep = keep;
    }

    /** Over the connections of this node's journal; forgets what is old now and then. */
    static StoredResponses start(ActorSystem<?> system, InstantSource clock, Duration keep) {
        ConnectionFactory connections =
                ConnectionFactoryProvider.get(system).connectionFactoryFor("akka.persistence.r2dbc.connection-factory");
        StoredResponses responses = new StoredResponses(connections, clock, keep);
        Duration pause = keep.dividedBy(24);
        system.scheduler()
                .scheduleWithFixedDelay(
                        pause,
                        pause,
                        () -> responses.forgetOld().exceptionally(failure -> {
                            LOG.warn("old responses are not forgotten: {}", failure.toString());
                            return 0L;
                        }),
                        system.executionContext());
        return responses;
    }

    @Override
    public CompletionStage<Void> keep(TenantId tenant, StoredResponse response) {
        OffsetDateTime now = OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
        return statements
                .update(connection -> insert(connection, tenant, response, now))
                .then()
                .onErrorMap(StoredResponses::unavailable)
                .toFuture();
    }

    private static Statement insert(
            Connection connection, TenantId tenant, StoredResponse response, OffsetDateTime now) {
        Statement insert = connection
                .createStatement(INSERT)
                .bind(0, tenant.value())
                .bind(1, response.id())
                .bind(3, response.input())
                .bind(4, response.body())
                .bind(5, now)
                .bind(6, response.items().toArray(String[]::new));
        return response.previous() == null ? insert.bindNull(2, String.class) : insert.bind(2, response.previous());
    }

    @Override
    public CompletionStage<Optional<StoredResponse>> find(TenantId tenant, String id) {
        return rows(SELECT, tenant, id, StoredResponses::response)
                .thenApply(found -> found.stream().findFirst());
    }

    @Override
    public CompletionStage<List<StoredResponse>> line(TenantId tenant, String id) {
        return rows(SELECT_LINE, tenant, id, StoredResponses::response)
                .thenApply(line -> line.isEmpty() || line.get(0).previous() != null ? List.of() : line);
    }

    @Override
    public CompletionStage<Map<String, String>> owners(TenantId tenant, Set<String> items) {
        return rows(
                        SELECT_OWNERS,
                        tenant,
                        items.toArray(String[]::new),
                        row -> Map.entry(required(row, 0), required(row, 1)))
                .thenApply(found -> found.stream().collect(toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    @Override
    public CompletionStage<Boolean> forget(TenantId tenant, String id) {
        return statements
                .update(connection -> connection
                        .createStatement(DELETE)
                        .bind(0, tenant.value())
                        .bind(1, id))
                .map(deleted -> deleted > 0)
                .onErrorMap(StoredResponses::unavailable)
                .toFuture();
    }

    /** Forgets what was made long ago; tells how many responses that were. */
    CompletionStage<Long> forgetOld() {
        OffsetDateTime before = OffsetDateTime.ofInstant(clock.instant().minus(keep), ZoneOffset.UTC);
        return statements
                .update(connection -> connection.createStatement(FORGET).bind(0, before))
                .toFuture();
    }

    private <T> CompletionStage<List<T>> rows(String query, TenantId tenant, Object key, Function<Readable, T> read) {
        return statements
                .rows(
                        connection -> connection
                                .createStatement(query)
                                .bind(0, tenant.value())
                                .bind(1, key),
                        read)
                .onErrorMap(StoredResponses::unavailable)
                .toFuture();
    }

    private static Throwable unavailable(Throwable failure) {
        LOG.warn("the store of responses does not answer: {}", failure.toString());
        return new RefusedRequest(
                InferenceFailure.of(InferenceFailure.Kind.STORE_UNAVAILABLE, "the store of responses does not answer"));
    }

    private static StoredResponse response(Readable row) {
        return new StoredResponse(
                required(row, 0), row.get(1, String.class), required(row, 2), required(row, 3), List.of());
    }

    private static String required(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, String.class));
    }
}
