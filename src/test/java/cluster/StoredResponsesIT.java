package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static testkit.NodeProcess.await;

import frontend.responses.ResponseStore.StoredResponse;
import inference.TenantId;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Responses on the real store. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class StoredResponsesIT {
    private static final TenantId A = new TenantId("a");
    private static final TenantId B = new TenantId("b");
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    static Path temporary;

    private static final AtomicReference<Instant> NOW = new AtomicReference<>(BEGIN);
    private static RealStore store;
    private static ConnectionFactory connections;
    private static StoredResponses responses;

    @BeforeAll
    static void startTheStore() throws Exception {
        store = RealStore.in(temporary);
        connections = ConnectionFactories.get(store.connection().toOptions());
        responses = new StoredResponses(connections, NOW::get, Duration.ofDays(7), 100);
    }

    @BeforeEach
    void goBackToTheBeginning() {
        NOW.set(BEGIN);
    }

    @AfterAll
    static void stopTheStore() {
        store.close();
    }

    @Test
    void aLineComesBackOldestFirstOnlyToItsTenantAndOnlyWhole() throws Exception {
        keep("r1", null, "i1");
        keep("r2", "r1", "i2", "i3");
        keep("r3", "r2");
        assertEquals(List.of("r1", "r2", "r3"), ids(get(responses.line(A, "r3"))));
        assertEquals(List.of(), get(responses.line(B, "r3")));
        assertEquals(Optional.empty(), get(responses.find(B, "r1")));
        assertEquals("body of r2", get(responses.find(A, "r2")).orElseThrow().body());
        assertEquals(
                Map.of("i1", "body of r1", "i3", "body of r2"), get(responses.owners(A, Set.of("i1", "i3", "none"))));
        assertTrue(get(responses.forget(A, "r1")));
        assertEquals(List.of(), get(responses.line(A, "r3")));
        assertEquals(Map.of(), get(responses.owners(A, Set.of("i1"))));
        assertEquals(false, get(responses.forget(A, "r1")));
    }

    @Test
    void whatIsKeptTwiceIsReplacedAndWhatIsOldIsForgotten() throws Exception {
        keep("old", null, "item of old");
        keep("old", null, "item of old");
        NOW.set(BEGIN.plus(Duration.ofDays(6)));
        keep("new", null);
        NOW.set(BEGIN.plus(Duration.ofDays(8)));
        get(responses.forgetOld());
        assertEquals(Optional.empty(), get(responses.find(A, "old")));
        assertTrue(get(responses.find(A, "new")).isPresent());
    }

    @Test
    void whatIsUsedStaysAndWithItAllThatItContinues() throws Exception {
        keep("first", null);
        keep("second", "first");
        keep("alone", null, "item of alone");
        keep("idle", "first");
        NOW.set(BEGIN.plus(Duration.ofDays(6)));
        get(responses.line(A, "second"));
        get(responses.owners(A, Set.of("item of alone")));
        awaitUse("first", "second", "alone");
        NOW.set(BEGIN.plus(Duration.ofDays(8)));
        get(responses.forgetOld());
        assertEquals(List.of("first", "second"), ids(get(responses.line(A, "second"))));
        assertTrue(get(responses.find(A, "alone")).isPresent());
        assertEquals(Optional.empty(), get(responses.find(A, "idle")));
    }

    @Test
    void beyondTheMostThatIsKeptOfATenantWhatItUsedLongestAgoGoes() throws Exception {
        StoredResponses few = new StoredResponses(connections, NOW::get, Duration.ofDays(7), 3);
        keep("another tenant's", null);
        keepOne(few, B, "b1", null);
        NOW.set(BEGIN.plus(Duration.ofHours(1)));
        keepOne(few, B, "b2", null);
        NOW.updateAndGet(now -> now.plusSeconds(1));
        keepOne(few, B, "b3", null);
        NOW.updateAndGet(now -> now.plusSeconds(1));
        get(few.find(B, "b1"));
        awaitUse("b1");
        keepOne(few, B, "b4", null);
        await("the one used longest ago is forgotten", Duration.ofSeconds(30), () -> usedAt("b2") == null);
        for (String id : List.of("b1", "b3", "b4")) {
            assertTrue(get(few.find(B, id)).isPresent(), id);
        }
        assertTrue(get(few.find(A, "another tenant's")).isPresent());
    }

    @Test
    void aStoreThatKnowsOnlyWhenResponsesWereMadeIsBroughtUpToDate() throws Exception {
        keep("before", null);
        Statements statements = new Statements(connections);
        for (String undo : List.of(
                "DROP INDEX stored_response_used_at",
                "ALTER TABLE stored_response RENAME COLUMN used_at TO made_at",
                "CREATE INDEX stored_response_made_at ON stored_response (made_at)")) {
            statements.update(connection -> connection.createStatement(undo)).block();
        }
        StoreSchema.applyTo(store.connection());
        StoreSchema.applyTo(store.connection());
        assertTrue(get(responses.find(A, "before")).isPresent());
        assertEquals(BEGIN, usedAt("before"));
    }

    private static void keep(String id, @Nullable String previous, String... items) throws Exception {
        keepOne(responses, A, id, previous, items);
    }

    private static void keepOne(
            StoredResponses store, TenantId tenant, String id, @Nullable String previous, String... items)
            throws Exception {
        get(store.keep(tenant, new StoredResponse(id, previous, "[]", "body of " + id, List.of(items))));
    }

    /** Uses are noted beside the reads that make them. */
    private static void awaitUse(String... ids) {
        for (String id : ids) {
            await(
                    "the use of " + id + " is noted",
                    Duration.ofSeconds(30),
                    () -> Objects.equals(NOW.get(), usedAt(id)));
        }
    }

    private static @Nullable Instant usedAt(String id) {
        return new Statements(connections)
                        .rows(
                                connection -> connection
                                        .createStatement("SELECT used_at FROM stored_response WHERE id = $1")
                                        .bind(0, id),
                                row -> row.get(0, OffsetDateTime.class).toInstant())
                        .block()
                        .stream()
                        .findFirst()
                        .orElse(null);
    }

    private static List<String> ids(List<StoredResponse> line) {
        return line.stream().map(StoredResponse::id).toList();
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
