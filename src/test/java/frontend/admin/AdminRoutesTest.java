package frontend.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import frontend.FrontendFixture;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AdminRoutesTest {
    private static final String ODD_ID = OneSession.ID;
    private static final String LEASE =
            "{\"id\":\"ff\",\"session\":\"s\",\"state\":\"DEGRADED\",\"retentionClass\":\"HISTORY\",\"priority\":50,"
                    + "\"prefixBlocks\":9,\"tailHash\":\"00ff\",\"minCopies\":2,\"copies\":1,\"storedCopies\":0,"
                    + "\"remainingSeconds\":12.5,\"workers\":[{\"worker\":\"http://w\",\"requested\":\"HOLD\","
                    + "\"acknowledged\":\"BOUNDED\",\"reason\":\"BUDGET\",\"key\":\"holdfast.workers.holds.budget-share\",\"observed\":\"EVICTED\","
                    + "\"grantedBlocks\":7,\"grantedTier\":\"HOST\",\"grantedSeconds\":2.5}],"
                    + "\"lost\":[{\"from\":3,\"to\":9}],\"reason\":null,\"owners\":0}";
    private static FrontendFixture frontend;

    @BeforeAll
    static void start() {
        frontend = FrontendFixture.start(FrontendFixture.SETTINGS, new OneSession());
    }

    @AfterAll
    static void stop() {
        frontend.close();
    }

    @Test
    void sessionsArePaged() {
        assertEquals(
                "{\"data\":[{\"id\":\"limit 2 after x y\",\"phase\":\"IDLE\",\"parent\":null,\"turns\":3,"
                        + "\"lastTurnAt\":\"2026-03-01T10:00:00Z\"}],\"next\":\"n\"}",
                frontend.get("/v1/sessions?limit=2&after=x%20y").body());
        assertTrue(frontend.get("/v1/sessions").body().contains("limit 100 after null"));
        assertTrue(frontend.get("/v1/sessions?after=").body().contains("limit 100 after null"));
        for (String unknown : List.of("/v1/sessions?limt=2", "/v1/workers?limt=2")) {
            HttpResponse<String> refused = frontend.get(unknown);
            assertEquals(400, refused.statusCode());
            assertTrue(refused.body().contains("\"param\":\"limt\""), refused.body());
        }
        for (String limit : List.of("0", "1001", "-1", "x", "99999999999")) {
            HttpResponse<String> refused = frontend.get("/v1/sessions?limit=" + limit);
            assertEquals(400, refused.statusCode());
            assertTrue(refused.body().contains("\"param\":\"limit\""), refused.body());
        }
    }

    @Test
    void aSessionIsFoundWhateverItsIdHolds() {
        HttpResponse<String> found = frontend.get("/v1/sessions/" + escaped(ODD_ID));
        assertEquals(
                "{\"id\":\"a/b?c=d#e+f g%20ü/../\\\"\",\"phase\":\"ACTING\",\"parent\":\"p\",\"root\":\"top\",\"forkOf\":null,\"children\":[],"
                        + "\"totalTurns\":1,\"lineage\":[{\"frontier\":0,\"blockSizeTokens\":16,\"live\":true,"
                        + "\"segments\":[{\"retentionClass\":\"SYSTEM\",\"fromBlock\":0,\"toBlock\":4,"
                        + "\"tailHash\":\"00ff\"}]}],\"leases\":[" + LEASE
                        + "],\"turns\":[{\"turn\":1,\"id\":\"t\",\"frontier\":0,"
                        + "\"outcome\":\"COMPLETED\",\"worker\":\"w\",\"placement\":\"KEPT\",\"inputTokens\":70,\"cachedTokens\":64,"
                        + "\"outputTokens\":5,\"ttftMillis\":12,\"durationMillis\":40,\"gapBeforeMillis\":null,"
                        + "\"startedAt\":\"2026-03-01T10:00:00Z\"}]}",
                found.body());
        assertEquals(404, frontend.get("/v1/sessions/unknown").statusCode());
        assertEquals(400, frontend.get("/v1/sessions/" + "x".repeat(513)).statusCode());
    }

    @Test
    void aSessionIsClosedAndAnUnknownOneIsNot() {
        assertEquals(200, delete("/v1/sessions/" + escaped(ODD_ID)).statusCode());
        HttpResponse<String> unknown = delete("/v1/sessions/unknown");
        assertEquals(404, unknown.statusCode());
        assertTrue(unknown.body().contains("unknown"));
    }

    @Test
    void leasesAreShownForASessionOrForAll() {
        assertEquals(
                "{\"data\":[" + LEASE + "]}",
                frontend.get("/v1/leases?session=" + escaped(ODD_ID) + "&limit=5")
                        .body());
        assertEquals("{\"data\":[]}", frontend.get("/v1/leases?session=unknown").body());
        assertEquals("{\"data\":[" + LEASE + "]}", frontend.get("/v1/leases").body());
        assertEquals(400, frontend.get("/v1/leases?limit=0").statusCode());
        assertEquals(400, frontend.get("/v1/leases?session=" + "x".repeat(513)).statusCode());
    }

    @Test
    void aWorkerIsDrainedAndTakenBackByItsUrl() {
        String path = "/v1/workers/" + escaped("http://w") + "/drain";
        assertEquals(
                "{\"worker\":\"http://w\",\"state\":\"DRAINING\",\"drained\":false,\"runningTurns\":1,"
                        + "\"movedLeases\":2,\"movingLeases\":3,\"stuckLeases\":1,\"stuck\":[{\"lease\":\"ff\","
                        + "\"session\":\"a/b?c=d#e+f g%20ü/../\\\"\",\"blocks\":9}]}",
                frontend.post(path, "").body());
        assertTrue(delete(path).body().contains("\"READY\""));
        assertEquals(404, frontend.post("/v1/workers/unknown/drain", "").statusCode());
    }

    @Test
    void anOpenLeaseIsEndedAndAnotherIsNot() {
        assertEquals("{\"id\":\"ff\",\"ended\":true}", delete("/v1/leases/ff").body());
        assertEquals(404, delete("/v1/leases/unknown").statusCode());
    }

    @Test
    void workersShowLoadAndBlocksPerTier() {
        assertEquals(
                "{\"data\":[{\"id\":\"http://w\",\"state\":\"READY\",\"reason\":\"the engine answers\",\"incarnation\":\"i\",\"models\":[\"sim-echo\"],"
                        + "\"load\":{\"runningRequests\":1,\"waitingRequests\":2,\"admittedTurns\":3},"
                        + "\"blocks\":{\"DEVICE\":{\"used\":4,\"cached\":5,\"total\":6}},\"holds\":{\"count\":7,\"blocks\":8,"
                        + "\"tiers\":{\"DEVICE\":{\"blocks\":8,\"budget\":9}}},\"copies\":{\"bytes\":10,\"budget\":11}}]}",
                frontend.get("/v1/workers").body());
    }

    @Test
    void explainTakesAChatRequestAndShowsEveryTermInOrder() {
        HttpResponse<String> explained = frontend.post(
                "/v1/explain", "{\"model\":\"sim-echo\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertEquals(
                "{\"strategy\":\"joint\",\"chosen\":\"http://w\",\"lowerWins\":true,\"wouldQueue\":false,"
                        + "\"inputTokens\":2,\"promptBlocks\":1,\"workers\":[{\"worker\":\"http://w\","
                        + "\"overlapBlocks\":1,\"score\":3.5,\"terms\":{\"waitMillis\":1.0,\"recomputeMillis\":2.5}}]}",
                explained.body());
        assertEquals(400, frontend.post("/v1/explain", "{\"model\":1}").statusCode());
        HttpResponse<String> unknown = frontend.post(
                "/v1/explain", "{\"model\":\"none\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertEquals(404, unknown.statusCode());
        assertTrue(unknown.body().contains("model_not_found"));
    }

    private static HttpResponse<String> delete(String path) {
        return frontend.send(HttpRequest.newBuilder(frontend.uri(path)).DELETE().build());
    }

    private static String escaped(String id) {
        return URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
