package replay.trace;

/**
 * One recorded request and when it may start.
 *
 * <p>It starts {@code delaySeconds} after the last turn in {@code after} has finished, yet no sooner than {@code
 * spacingSeconds} after the first of them started. A turn that waits for none opens its session, or starts at its recorded
 * arrival in a trace that has arrivals.
 *
 * <p>Thread-safety: immutable by convention: the array is handed over and never written again.
 *
 * @param session number of the session, from 0 in order of appearance
 * @param lineage number of the chain of contexts inside the session: turns of one lineage follow one another
 * @param blocks at least the full blocks of the prompt
 * @param inputTokens at least 1
 * @param outputTokens at least 1
 * @param callsTools whether the answer ended in tool calls, as far as is known
 * @param after positions in the trace of earlier turns
 * @param arrivalSeconds from the trace's start; 0 where a trace has none
 */
public record TracedTurn(
        int session,
        int lineage,
        BlockRuns blocks,
        int inputTokens,
        int outputTokens,
        boolean callsTools,
        int[] after,
        double delaySeconds,
        double spacingSeconds,
        double arrivalSeconds) {}
