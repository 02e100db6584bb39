package frontend.admin;

import frontend.FrontendFixture;
import frontend.RefusedRequest;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.SessionId;
import inference.TenantId;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A cluster with one session and one worker. */
final class OneSession implements AdminQueries {
    static final String ID = "a/b?c=d#e+f g%20ü/../\"";
    private static final Instant THEN = FrontendFixture.NOW;

    @Override
    public CompletionStage<SessionPage> sessions(TenantId tenant, int limit, @Nullable String after) {
        SessionSummary line = new SessionSummary("limit " + limit + " after " + after, "IDLE", null, 3, THEN);
        return CompletableFuture.completedStage(new SessionPage(List.of(line), "n"));
    }

    @Override
    public CompletionStage<Optional<SessionView>> session(TenantId tenant, SessionId id) {
        TurnView turn = new TurnView(1, "t", 0, "COMPLETED", "w", "KEPT", 70, 64, 5, 12L, 40, null, THEN);
        FrontierView frontier = new FrontierView(0, 16, true, List.of(new SegmentView("SYSTEM", 0, 4, "00ff")));
        SessionView view = new SessionView(
                id.value(),
                "ACTING",
                "p",
                "top",
                null,
                List.of(),
                1,
                List.of(frontier),
                List.of(lease()),
                List.of(turn));
        return CompletableFuture.completedStage(id.value().equals(ID) ? Optional.of(view) : Optional.empty());
    }

    @Override
    public CompletionStage<Boolean> closeSession(TenantId tenant, SessionId id) {
        return CompletableFuture.completedStage(id.value().equals(ID));
    }

    private static LeaseView lease() {
        StepView step = new StepView(
                "http://w",
                "HOLD",
                "BOUNDED",
                "BUDGET",
                "holdfast.workers.holds.budget-share",
                "EVICTED",
                7,
                "HOST",
                2.5);
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
                null,
                0);
    }

    @Override
    public CompletionStage<List<LeaseView>> leases(TenantId tenant, @Nullable SessionId session, int limit) {
        boolean some = session == null || (session.value().equals(ID) && limit == 5);
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
                new HoldsView(7, 8, Map.of("DEVICE", new HeldView(8, 9))),
                new CopiesView(10, 11))));
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
                                List.of(new StuckView("ff", ID, 9))))
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
