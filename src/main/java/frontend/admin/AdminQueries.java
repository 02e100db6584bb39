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

    /**
     * Retention leases of a tenant, open and lately ended.
     *
     * @param session null for any
     */
    CompletionStage<List<LeaseView>> leases(TenantId tenant, @Nullable SessionId session, int limit);

    /** Ends a lease; false when there is none that is open. */
    CompletionStage<Boolean> endLease(TenantId tenant, String id);

    /** All workers, by URL. */
    CompletionStage<List<WorkerView>> workers();

    /**
     * Drains a worker, or lets it take turns again, and tells how far that is; to be asked again until it is done. Empty when
     * there is no such worker.
     */
    CompletionStage<Optional<DrainView>> drain(String worker, boolean wanted);

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

    /**
     * A session in full.
     *
     * @param root session at the top of its tree
     * @param forkOf session from which it forked, null when it began with nothing
     */
    record SessionView(
            String id,
            String phase,
            @Nullable String parent,
            String root,
            @Nullable String forkOf,
            List<String> children,
            long totalTurns,
            List<FrontierView> lineage,
            List<LeaseView> leases,
            List<TurnView> turns) {}

    /**
     * A retention lease.
     *
     * @param prefixBlocks blocks that it shall keep within reach
     * @param tailHash sequence hash of the last of them in hexadecimal
     * @param copies acknowledged ones
     * @param storedCopies those of them that lie in storage
     * @param reason why it ended, null while it is open
     * @param owners sessions that share it, 0 for a lease of one session
     */
    record LeaseView(
            String id,
            String session,
            String state,
            String retentionClass,
            int priority,
            int prefixBlocks,
            String tailHash,
            int minCopies,
            int copies,
            int storedCopies,
            double remainingSeconds,
            List<StepView> workers,
            List<RangeView> lost,
            @Nullable String reason,
            int owners) {}

    /**
     * What was asked of a worker for a lease, what it answered, and what was seen since.
     *
     * @param acknowledged null while unanswered
     * @param reason why it answered less than yes, null otherwise
     * @param key by which the limit is set when that is BUDGET, null otherwise
     * @param observed why its answer counts no longer or not wholly, null otherwise
     * @param grantedBlocks how much it granted when it answered BOUNDED, null otherwise, like the next two
     * @param grantedSeconds for how long, from its answer
     */
    record StepView(
            String worker,
            String requested,
            @Nullable String acknowledged,
            @Nullable String reason,
            @Nullable String key,
            @Nullable String observed,
            @Nullable Integer grantedBlocks,
            @Nullable String grantedTier,
            @Nullable Double grantedSeconds) {}

    /**
     * What the ledger answered last where that was less than was asked for.
     *
     * @param answer BOUNDED, or REFUSED: then there is no lease, or it is as it was before
     * @param message says the limit, and by which key it is set
     * @param grantedSeconds time that was granted, null when refused
     */
    record AnswerView(String lease, String answer, String reason, String message, @Nullable Double grantedSeconds) {}

    /** Blocks by position, {@code from} inclusive, {@code to} exclusive. */
    record RangeView(int from, int to) {}

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

    /**
     * One turn of a session.
     *
     * @param placement why it ran on its worker; null when it ran nowhere, or when that was not recorded yet
     */
    record TurnView(
            long turn,
            String id,
            int frontier,
            String outcome,
            @Nullable String worker,
            @Nullable String placement,
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
            HoldsView holds,
            CopiesView copies) {}

    /** Bytes that stored copies take of a storage that workers may share, and most that they may; both 0 where none are made. */
    record CopiesView(long bytes, long budget) {}

    /**
     * How far a worker has been drained.
     *
     * @param drained nothing runs there and nothing that could be moved is left
     * @param movedLeases leases that are kept elsewhere instead
     * @param movingLeases leases that may still be moved
     * @param stuckLeases leases that would be lost with the worker
     * @param stuck the first of them
     */
    record DrainView(
            String worker,
            String state,
            boolean drained,
            int runningTurns,
            int movedLeases,
            int movingLeases,
            int stuckLeases,
            List<StuckView> stuck) {}

    /** A lease that cannot be moved. */
    record StuckView(String lease, String session, int blocks) {}

    /** Load of a worker. */
    record LoadView(int runningRequests, int waitingRequests, int admittedTurns) {}

    /**
     * What a worker keeps for leases; shared blocks count once.
     *
     * @param count holds in all tiers
     * @param blocks on the device
     */
    record HoldsView(int count, int blocks, Map<String, HeldView> tiers) {}

    /** Blocks that are held in one tier, and most that may be. */
    record HeldView(int blocks, int budget) {}

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
