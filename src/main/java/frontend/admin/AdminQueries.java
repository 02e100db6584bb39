package frontend.admin;

import inference.InferenceRequest;
import inference.SessionId;
import inference.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Port to the cluster: what operators may ask. Its records are the JSON bodies.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface AdminQueries {

    /** One page of a tenant's sessions. */
    CompletionStage<SessionPage> sessions(TenantId tenant, int limit, @Nullable String after);

    /** One session, or empty when there is none. */
    CompletionStage<Optional<SessionView>> session(TenantId tenant, SessionId id);

    /** Closes a session; false when there is none. Repeating it changes nothing. */
    CompletionStage<Boolean> closeSession(TenantId tenant, SessionId id);

    /** All workers, by URL. */
    CompletionStage<List<WorkerView>> workers();

    /**
     * What the router would do with a request, without running it. Fails with {@link frontend.RefusedRequest} when it
     * would be refused, as for an unknown model.
     */
    CompletionStage<ExplanationView> explain(InferenceRequest request);

    /**
     * One page of sessions.
     *
     * @param next value of {@code after} for the next page, null on the last
     */
    record SessionPage(List<SessionSummary> data, @Nullable String next) {}

    /** One line of a session list. */
    record SessionSummary(String id, String phase, @Nullable String parent, long turns, @Nullable Instant lastTurnAt) {}

    /** A session in full. */
    record SessionView(
            String id,
            String phase,
            @Nullable String parent,
            List<String> children,
            long totalTurns,
            List<FrontierView> lineage,
            List<TurnView> turns) {}

    /** One line of prompts of a session, cut into segments. */
    record FrontierView(int frontier, int blockSizeTokens, boolean live, List<SegmentView> segments) {}

    /**
     * A stretch of blocks of one retention class.
     *
     * @param fromBlock first block, inclusive
     * @param toBlock last block, exclusive
     * @param tailHash sequence hash of the last block in hexadecimal, null when the segment has no full block
     */
    record SegmentView(String retentionClass, int fromBlock, int toBlock, @Nullable String tailHash) {}

    /** One turn of a session. */
    record TurnView(
            long turn,
            String id,
            int frontier,
            String outcome,
            @Nullable String worker,
            int inputTokens,
            int cachedTokens,
            int outputTokens,
            @Nullable Long ttftMillis,
            long durationMillis,
            @Nullable Long gapBeforeMillis,
            Instant startedAt) {}

    /** One worker. */
    record WorkerView(
            String id,
            String state,
            String reason,
            @Nullable String incarnation,
            List<String> models,
            LoadView load,
            Map<String, TierView> blocks,
            HoldsView holds) {}

    /** Load of a worker. */
    record LoadView(int runningRequests, int waitingRequests, int admittedTurns) {}

    /** What a worker keeps for leases; shared blocks count once. */
    record HoldsView(int count, int blocks) {}

    /** Blocks of one tier. */
    record TierView(int used, int cached, int total) {}

    /** See {@code /v1/explain}. */
    record ExplanationView(
            String strategy,
            @Nullable String chosen,
            boolean lowerWins,
            boolean wouldQueue,
            int inputTokens,
            int promptBlocks,
            List<ScoreView> workers) {}

    /** One worker's score, term by term. */
    record ScoreView(String worker, int overlapBlocks, double score, Map<String, Double> terms) {}
}
