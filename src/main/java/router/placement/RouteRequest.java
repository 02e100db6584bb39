package router.placement;

import inference.TurnId;
import java.util.function.Predicate;
import kv.PromptBlocks;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.status.AnswerExtras;

/**
 * A turn that wants a worker.
 *
 * <p>Thread-safety: immutable.
 *
 * @param model served model the worker must have
 * @param affinity hash of the session: equal for all turns of one session
 * @param inputTokens whole prompt
 * @param expectedOutputTokens the harness's hint, or a default
 * @param priority higher is sooner, weighed against waiting time
 * @param strictPriority higher is always sooner
 * @param lastWorker where the session's previous turn ran, null at first
 * @param knownBlocks blocks that the session had at its previous turn: a hint for the index
 * @param kept what the session's leases keep of the prompt
 * @param extras what the answer must have beyond plain text
 * @param excluded workers that refused or lost this turn already, or that cannot go on with the answer where it was lost; safe for
 *     use by the router
 */
public record RouteRequest(
        TurnId turn,
        String model,
        long affinity,
        PromptBlocks blocks,
        int inputTokens,
        int expectedOutputTokens,
        int priority,
        int strictPriority,
        @Nullable WorkerId lastWorker,
        int knownBlocks,
        KeptPrefix kept,
        AnswerExtras extras,
        Predicate<WorkerId> excluded) {
    /** No worker is excluded. */
    public static final Predicate<WorkerId> NOBODY = worker -> false;

    /** Blocks of the prompt, a partly filled last one included. */
    public int promptBlocks() {
        return (inputTokens + blocks.blockSizeTokens() - 1) / blocks.blockSizeTokens();
    }
}
