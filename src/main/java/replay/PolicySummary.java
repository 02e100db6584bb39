package replay;

import org.jspecify.annotations.Nullable;

/**
 * One policy's figures over the turns that every policy of the comparison served.
 *
 * <p>Token counts are exact: {@code prefillTokens} is {@code coldTokens + evictionTokens + placementTokens + tailTokens}.
 *
 * <p>Thread-safety: immutable.
 *
 * @param turns turns compared
 * @param served turns that this policy served
 * @param failed turns that it did not
 * @param hitRate cached share of input tokens, 0 to 1
 * @param offlineBound hit rate that nobody could have exceeded on these turns in this order, see {@link OfflineBound}; NaN when
 *     unknown
 * @param ttftMillis from a turn's arrival to its first token
 * @param itlMillis mean time between a turn's output tokens; turns of one token have none
 * @param sessionSeconds from a session's first turn to the end of its last, gaps included
 * @param prefillTokens input tokens that were not cached
 * @param pulledTokens cached input tokens that were taken over from another engine
 * @param remoteTokens cached input tokens that were loaded from the store that all engines share
 * @param evictionTokens of prefillTokens, computed before and dropped by every engine since
 * @param lost evictionTokens, by why the contexts were gone
 * @param placementTokens of those, computed before and held by another engine
 * @param coldTokens of those, never computed before
 * @param tailTokens of those, in no full block, or computed by two turns of an engine at once
 * @param loadImbalance busiest worker's computing time over the mean; 0 when unknown
 * @param retained what keeping came to; null when unknown
 * @param makespanSeconds from the first arrival to the last token
 */
public record PolicySummary(
        String strategy,
        String retention,
        int turns,
        int served,
        int failed,
        double hitRate,
        double offlineBound,
        Spread ttftMillis,
        Spread itlMillis,
        Spread sessionSeconds,
        long inputTokens,
        long prefillTokens,
        long pulledTokens,
        long remoteTokens,
        long evictionTokens,
        LostContexts lost,
        long placementTokens,
        long coldTokens,
        long tailTokens,
        int preemptions,
        long preemptedTokens,
        double loadImbalance,
        @Nullable RetentionFigures retained,
        double makespanSeconds) {
    private static final double MILLIS_PER_SECOND = 1000;

    /** Tokens computed again that had been computed before. */
    public long recomputedTokens() {
        return evictionTokens + placementTokens;
    }

    static PolicySummary of(PolicyOutcome outcome, boolean[] compared) {
        TurnRecords turns = outcome.turns();
        double[] ttft = new double[compared.length];
        double[] itl = new double[compared.length];
        Totals totals = new Totals();
        for (int i = 0; i < compared.length; i++) {
            ttft[i] = Double.NaN;
            itl[i] = Double.NaN;
            totals.count(turns, i);
            if (compared[i]) {
                totals.add(turns, i);
                totals.bound += outcome.boundTokens().length == 0 ? 0 : outcome.boundTokens()[i];
                ttft[i] = turns.firstTokenMillis[i] - turns.arrivedMillis[i];
                int intervals = turns.outputTokens[i] - 1;
                itl[i] = intervals < 1 ? Double.NaN : (turns.finishedMillis[i] - turns.firstTokenMillis[i]) / intervals;
            }
        }
        return new PolicySummary(
                outcome.strategy(),
                outcome.retention(),
                totals.compared,
                totals.served,
                totals.arrived - totals.served,
                totals.input == 0 ? 0 : (double) totals.cached / totals.input,
                outcome.boundTokens().length == 0 || totals.input == 0
                        ? Double.NaN
                        : (double) totals.bound / totals.input,
                Spread.of(ttft),
                Spread.of(itl),
                Spread.of(outcome.sessionSeconds()),
                totals.input,
                totals.input - totals.cached,
                totals.pulled,
                totals.remote,
                totals.eviction,
                LostContexts.of(turns, compared),
                totals.placement,
                totals.cold,
                totals.input - totals.cached - totals.eviction - totals.placement - totals.cold,
                outcome.preemptions(),
                outcome.preemptedTokens(),
                imbalance(outcome.busyMillis()),
                outcome.figures(),
                totals.served == 0 ? 0 : (totals.lastMillis - totals.firstMillis) / MILLIS_PER_SECOND);
    }

    private static double imbalance(double[] busyMillis) {
        double most = 0;
        double sum = 0;
        for (double busy : busyMillis) {
            most = Math.max(most, busy);
            sum += busy;
        }
        return sum == 0 ? 0 : most * busyMillis.length / sum;
    }

    private static final class Totals {
        private int arrived;
        private int served;
        private int compared;
        private long input;
        private long cached;
        private long bound;
        private long pulled;
        private long remote;
        private long eviction;
        private long placement;
        private long cold;
        private double firstMillis = Double.POSITIVE_INFINITY;
        private double lastMillis;

        void count(TurnRecords turns, int turn) {
            if (turns.arrived(turn)) {
                arrived++;
                firstMillis = Math.min(firstMillis, turns.arrivedMillis[turn]);
            }
            if (turns.served(turn)) {
                served++;
                lastMillis = Math.max(lastMillis, turns.finishedMillis[turn]);
            }
        }

        void add(TurnRecords turns, int turn) {
            compared++;
            input += turns.inputTokens[turn];
            cached += turns.cachedTokens[turn];
            pulled += turns.pulledTokens[turn];
            remote += turns.remoteTokens[turn];
            eviction += turns.evictionTokens[turn];
            placement += turns.placementTokens[turn];
            cold += turns.coldTokens[turn];
        }
    }
}
