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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Responses in PostgreSQL: table {@code stored_response} by response, {@code stored_response_item} by output item. Each is
 * forgotten {@code keep} after its last use, the one used longest ago sooner when its tenant has too many; a response that
 * continues a forgotten one cannot be continued any more.
 *
 * <p>To be read is to be used, so all of a line stays as long as anybody goes on from its end. Uses are noted beside the read
 * that makes them, once in a thousandth of {@code keep} at most: a line in use costs a statement every ten minutes or so, and no first token.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class StoredResponses implements ResponseStore {
    private static final Logger LOG = LoggerFactory.getLogger(StoredResponses.class);
    private static final String INSERT =
            """
            WITH response AS (
              INSERT INTO stored_response (tenant, id, previous, input, body, used_at) VALUES ($1, $2, $3, $4, $5, $6)
              ON CONFLICT (tenant, id) DO UPDATE SET previous = excluded.previous, input = excluded.input,
              body = excluded.body, used_at = excluded.used_at)
            INSERT INTO stored_response_item (tenant, id, response) SELECT $1, item, $2 FROM unnest($7::text[]) AS item
            ON CONFLICT (tenant, id) DO UPDATE SET response = excluded.response""";
    private static final String SELECT =
            "SELECT id, used_at, previous, input, body FROM stored_response WHERE tenant = $1 AND id = $2";
    private static final String SELECT_LINE =
            """
            WITH RECURSIVE line AS (
              SELECT id, used_at, previous, input, body, 0 AS depth FROM stored_response WHERE tenant = $1 AND id = $2
              UNION ALL
              SELECT r.id, r.used_at, r.previous, r.input, r.body, line.depth + 1 FROM line
              JOIN stored_response r ON r.tenant = $1 AND r.id = line.previous)
            SELECT id, used_at, previous, input, body FROM line ORDER BY depth DESC""";
    private static final String SELECT_OWNERS =
            """
            SELECT r.id, r.used_at, i.id, r.body FROM stored_response_item i
            JOIN stored_response r ON r.tenant = i.tenant AND r.id = i.response
            WHERE i.tenant = $1 AND i.id = ANY($2)""";
    private static final String DELETE = "DELETE FROM stored_response WHERE tenant = $1 AND id = $2";
    /** Rows that somebody else notes or forgets meanwhile are left to him: who does not wait cannot deadlock. */
    private static final String USE =
            """
            UPDATE stored_response SET used_at = $3 WHERE (tenant, id) IN (
              SELECT tenant, id FROM stored_response WHERE tenant = $1 AND id = ANY($2) FOR UPDATE SKIP LOCKED)""";

    private static final String FORGET = "DELETE FROM stored_response WHERE used_at < $1";
    private static final String FORGET_BEYOND =
            """
            DELETE FROM stored_response WHERE tenant = $1 AND used_at <= (
              SELECT used_at FROM stored_response WHERE tenant = $1 ORDER BY used_at DESC OFFSET $2 LIMIT 1)""";

    private final Statements statements;
    private final InstantSource clock;
    private final Duration keep;
    private final int most;
    /** Responses that this node kept of a tenant since it last looked whether those are too many. */
    private final Map<TenantId, Integer> keptSince = new ConcurrentHashMap<>();

    /**
     * @param keep how long a response is kept after its last use
     * @param most how many are kept of a tenant; each node may keep a hundredth more before it forgets some
     */
    StoredResponses(ConnectionFactory connections, InstantSource clock, Duration keep, int most) {
        this.statements = new Statements(connections);
        this.clock = clock;
        this.keep = keep;
        this.most = most;
    }

    /** Over the connections of this node's journal; forgets what is old now and then. */
    static StoredResponses start(ActorSystem<?> system, InstantSource clock, Duration keep, int most) {
        ConnectionFactory connections =
                ConnectionFactoryProvider.get(system).connectionFactoryFor("akka.persistence.r2dbc.connection-factory");
        StoredResponses responses = new StoredResponses(connections, clock, keep, most);
        Duration pause = keep.dividedBy(24);
        system.scheduler()
                .scheduleWithFixedDelay(
                        pause,
                        pause,
                        () -> responses.forgetOld().exceptionally(StoredResponses::logged),
                        system.executionContext());
        return responses;
    }

    @Override
    public CompletionStage<Void> keep(TenantId tenant, StoredResponse response) {
        OffsetDateTime now = ago(Duration.ZERO);
        return statements
                .update(connection -> insert(connection, tenant, response, now))
                .then()
                .doOnSuccess(kept -> forgetBeyond(tenant))
                .onErrorMap(StoredResponses::unavailable)
                .toFuture();
    }

    /** Forgets what is too much of a tenant's, beside the response that made it so; looks only now and then. */
    private void forgetBeyond(TenantId tenant) {
        int look = Math.max(1, most / 100);
        if (keptSince.merge(tenant, 0, (since, none) -> (since + 1) % look) > 0) {
            return;
        }
        statements
                .update(connection -> connection
                        .createStatement(FORGET_BEYOND)
                        .bind(0, tenant.value())
                        .bind(1, most))
                .toFuture()
                .exceptionally(StoredResponses::logged);
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
                        row -> Map.entry(required(row, 2), required(row, 3)))
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

    /** Forgets what was used long ago; tells how many responses that were. */
    CompletionStage<Long> forgetOld() {
        OffsetDateTime before = ago(keep);
        return statements
                .update(connection -> connection.createStatement(FORGET).bind(0, before))
                .toFuture();
    }

    private record Row<T>(String response, OffsetDateTime usedAt, T value) {}

    /** Reads rows that begin with a response and its last use, and notes this one. */
    private <T> CompletionStage<List<T>> rows(String query, TenantId tenant, Object key, Function<Readable, T> read) {
        return statements
                .rows(
                        connection -> connection
                                .createStatement(query)
                                .bind(0, tenant.value())
                                .bind(1, key),
                        row -> new Row<>(
                                required(row, 0),
                                Objects.requireNonNull(row.get(1, OffsetDateTime.class)),
                                read.apply(row)))
                .doOnNext(found -> use(tenant, found))
                .map(found -> found.stream().map(Row::value).toList())
                .onErrorMap(StoredResponses::unavailable)
                .toFuture();
    }

    private <T> void use(TenantId tenant, List<Row<T>> found) {
        OffsetDateTime noted = ago(keep.dividedBy(1000));
        String[] unnoted = found.stream()
                .filter(row -> row.usedAt().isBefore(noted))
                .map(Row::response)
                .toArray(String[]::new);
        if (unnoted.length > 0) {
            OffsetDateTime now = ago(Duration.ZERO);
            statements
                    .update(connection -> connection
                            .createStatement(USE)
                            .bind(0, tenant.value())
                            .bind(1, unnoted)
                            .bind(2, now))
                    .toFuture()
                    .exceptionally(StoredResponses::logged);
        }
    }

    private OffsetDateTime ago(Duration time) {
        return OffsetDateTime.ofInstant(clock.instant().minus(time), ZoneOffset.UTC);
    }

    private static Long logged(Throwable failure) {
        LOG.warn("uses of responses are not noted, or those too many not forgotten: {}", failure.toString());
        return 0L;
    }

    private static Throwable unavailable(Throwable failure) {
        LOG.warn("the store of responses does not answer: {}", failure.toString());
        return new RefusedRequest(
                InferenceFailure.of(InferenceFailure.Kind.STORE_UNAVAILABLE, "the store of responses does not answer"));
    }

    private static StoredResponse response(Readable row) {
        return new StoredResponse(
                required(row, 0), row.get(2, String.class), required(row, 3), required(row, 4), List.of());
    }

    private static String required(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, String.class));
    }
}
