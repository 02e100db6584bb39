package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import frontend.responses.ResponseStore.StoredResponse;
import inference.TenantId;
import io.r2dbc.spi.ConnectionFactories;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
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
    private static StoredResponses responses;

    @BeforeAll
    static void startTheStore() throws Exception {
        store = RealStore.in(temporary);
        responses = new StoredResponses(
                ConnectionFactories.get(store.connection().toOptions()), NOW::get, Duration.ofDays(7));
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
        NOW.set(BEGIN);
    }

    private static void keep(String id, @Nullable String previous, String... items) throws Exception {
        get(responses.keep(A, new StoredResponse(id, previous, "[]", "body of " + id, List.of(items))));
    }

    private static List<String> ids(List<StoredResponse> line) {
        return line.stream().map(StoredResponse::id).toList();
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
