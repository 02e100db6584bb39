package frontend;

import frontend.admin.AdminQueries;
import inference.InferenceRequest;
import inference.SessionId;
import inference.TenantId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Queries that a test expects nobody to ask. */
public final class UnaskedQueries implements AdminQueries {
    @Override
    public CompletionStage<SessionPage> sessions(TenantId tenant, int limit, @Nullable String after) {
        throw new AssertionError("sessions");
    }

    @Override
    public CompletionStage<Optional<SessionView>> session(TenantId tenant, SessionId id) {
        throw new AssertionError("session");
    }

    @Override
    public CompletionStage<Boolean> closeSession(TenantId tenant, SessionId id) {
        throw new AssertionError("closeSession");
    }

    @Override
    public CompletionStage<List<LeaseView>> leases(TenantId tenant, @Nullable SessionId session, int limit) {
        throw new AssertionError("leases");
    }

    @Override
    public CompletionStage<Boolean> endLease(TenantId tenant, String id) {
        throw new AssertionError("endLease");
    }

    @Override
    public CompletionStage<List<WorkerView>> workers() {
        throw new AssertionError("workers");
    }

    @Override
    public CompletionStage<Optional<DrainView>> drain(String worker, boolean wanted) {
        throw new AssertionError("drain");
    }

    @Override
    public CompletionStage<ExplanationView> explain(InferenceRequest request) {
        throw new AssertionError("explain");
    }
}
