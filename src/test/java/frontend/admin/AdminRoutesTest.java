package frontend.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import frontend.FrontendFixture;
import frontend.RefusedRequest;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.SessionId;
import inference.TenantId;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AdminRoutesTest {
    private static final String ODD_ID = "a/b?c=d#e+f g%20ü/../\"";
    private static final String LEASE =
            "{\"id\":\"ff\",\"session\":\"s\",\"state\":\"DEGRADED\",\"retentionClass\":\"HISTORY\",\"priority\":50,"
                    + "\"prefixBlocks\":9,\"tailHash\":\"00ff\",\"minCopies\":2,\"copies\":1,\"storedCopies\":0,"
                    + "\"remainingSeconds\":12.5,\"workers\":[{\"worker\":\"http://w\",\"requested\":\"HOLD\","
                    + "\"acknowledged\":\"BOUNDED\",\"reason\":\"BUDGET\",\"observed\":\"EVICTED\"}],"
                    + "\"lost\":[{\"from\":3,\"to\":9}],\"reason\":null}";
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
                "{\"id\":\"a/b?c=d#e+f g%20ü/../\\\"\",\"phase\":\"ACTING\",\"parent\":\"p\",\"root\":\"top\",\"children\":[],"
                        + "\"totalTurns\":1,\"lineage\":[{\"frontier\":0,\"blockSizeTokens\":16,\"live\":true,"
                        + "\"segments\":[{\"retentionClass\":\"SYSTEM\",\"fromBlock\":0,\"toBlock\":4,"
                        + "\"tailHash\":\"00ff\"}]}],\"leases\":[" + LEASE
                        + "],\"turns\":[{\"turn\":1,\"id\":\"t\",\"frontier\":0,"
                        + "\"outcome\":\"COMPLETED\",\"worker\":\"w\",\"inputTokens\":70,\"cachedTokens\":64,"
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
                        + "\"blocks\":{\"DEVICE\":{\"used\":4,\"cached\":5,\"total\":6}},\"holds\":{\"count\":7,\"blocks\":8}}]}",
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

    /** A cluster with one session and one worker. */
    private static final class OneSession implements AdminQueries {
        private static final Instant THEN = FrontendFixture.NOW;

        @Override
        public CompletionStage<SessionPage> sessions(TenantId tenant, int limit, @Nullable String after) {
            SessionSummary line = new SessionSummary("limit " + limit + " after " + after, "IDLE", null, 3, THEN);
            return CompletableFuture.completedStage(new SessionPage(List.of(line), "n"));
        }

        @Override
        public CompletionStage<Optional<SessionView>> session(TenantId tenant, SessionId id) {
            TurnView turn = new TurnView(1, "t", 0, "COMPLETED", "w", 70, 64, 5, 12L, 40, null, THEN);
            FrontierView frontier = new FrontierView(0, 16, true, List.of(new SegmentView("SYSTEM", 0, 4, "00ff")));
            SessionView view = new SessionView(
                    id.value(), "ACTING", "p", "top", List.of(), 1, List.of(frontier), List.of(lease()), List.of(turn));
            return CompletableFuture.completedStage(id.value().equals(ODD_ID) ? Optional.of(view) : Optional.empty());
        }

        @Override
        public CompletionStage<Boolean> closeSession(TenantId tenant, SessionId id) {
            return CompletableFuture.completedStage(id.value().equals(ODD_ID));
        }

        private static LeaseView lease() {
            StepView step = new StepView("http://w", "HOLD", "BOUNDED", "BUDGET", "EVICTED");
            return new LeaseView(
                    "ff",
                    "s",
                    "DEGRADED",
                    "HISTORY",
                    50,
                    9,
                    "00ff",
                    2,
                    1,
                    0,
                    12.5,
                    List.of(step),
                    List.of(new RangeView(3, 9)),
                    null);
        }

        @Override
        public CompletionStage<List<LeaseView>> leases(TenantId tenant, @Nullable SessionId session, int limit) {
            boolean some = session == null || (session.value().equals(ODD_ID) && limit == 5);
            return CompletableFuture.completedStage(some ? List.of(lease()) : List.of());
        }

        @Override
        public CompletionStage<Boolean> endLease(TenantId tenant, String id) {
            return CompletableFuture.completedStage(id.equals("ff"));
        }

        @Override
        public CompletionStage<List<WorkerView>> workers() {
            return CompletableFuture.completedStage(List.of(new WorkerView(
                    "http://w",
                    "READY",
                    "the engine answers",
                    "i",
                    List.of("sim-echo"),
                    new LoadView(1, 2, 3),
                    Map.of("DEVICE", new TierView(4, 5, 6)),
                    new HoldsView(7, 8))));
        }

        @Override
        public CompletionStage<Optional<DrainView>> drain(String worker, boolean wanted) {
            return CompletableFuture.completedStage(
                    worker.equals("http://w")
                            ? Optional.of(new DrainView(
                                    worker,
                                    wanted ? "DRAINING" : "READY",
                                    false,
                                    1,
                                    2,
                                    3,
                                    1,
                                    List.of(new StuckView("ff", ODD_ID, 9))))
                            : Optional.empty());
        }

        @Override
        public CompletionStage<ExplanationView> explain(InferenceRequest request) {
            if (!request.model().equals("sim-echo")) {
                return CompletableFuture.failedStage(new RefusedRequest(
                        InferenceFailure.of(InferenceFailure.Kind.UNKNOWN_MODEL, "no worker serves it")));
            }
            Map<String, Double> terms = new LinkedHashMap<>();
            terms.put("waitMillis", 1.0);
            terms.put("recomputeMillis", 2.5);
            ScoreView score = new ScoreView("http://w", 1, 3.5, terms);
            return CompletableFuture.completedStage(
                    new ExplanationView("joint", "http://w", true, false, 2, 1, List.of(score)));
        }
    }
}
