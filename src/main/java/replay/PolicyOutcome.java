package replay;

import org.jspecify.annotations.Nullable;

/**
 * One policy's run: every turn and the run as a whole.
 *
 * <p>Thread-safety: immutable by convention once made.
 *
 * @param strategy name of the routing strategy
 * @param retention name of the retention policy
 * @param sessionSeconds length of each session, NaN for one that did not end
 * @param busyMillis time that each worker spent computing; empty when unknown
 * @param preemptions turns that lost their blocks while running
 * @param preemptedTokens tokens computed again after a preemption, over and above prefill tokens
 * @param boundTokens what each turn could have found cached, see {@link OfflineBound}; empty when unknown
 * @param figures what keeping came to; null when unknown
 * @param decisionLog every decision in order; empty when it was not kept
 * @param decisionNanos wall-clock time of each placement decision
 */
public record PolicyOutcome(
        String strategy,
        String retention,
        TurnRecords turns,
        double[] sessionSeconds,
        double[] busyMillis,
        int preemptions,
        long preemptedTokens,
        int[] boundTokens,
        @Nullable RetentionFigures figures,
        String decisionLog,
        long[] decisionNanos) {}
