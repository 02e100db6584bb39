package router.placement;

import inference.TurnId;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import router.strategy.Candidate;
import router.strategy.TurnView;
import workers.status.TimingModel;

/**
 * Holds back a turn while another one computes the beginning of its prompt: siblings that arrive together compute what they
 * share once.
 *
 * <p>A turn waits if that is cheaper than to go on now. Waiting costs until the prefills where its beginning is being computed are
 * done, then the rest of its own. Going on costs the wait and prefill of the chosen worker, and what is computed twice counts
 * twice: it is the worker's time, too. So a turn goes elsewhere when the first of its siblings is stuck behind others. No turn is
 * held back longer than a limit.
 *
 * <p>It makes no difference whether the other one computes that beginning or only what is behind it: a turn whose beginning is at a
 * worker that prefills, and that would compute it again elsewhere, waits for that worker's prefills as well. A turn whose beginning is
 * where it would go is not held back. To let the former go on costs reuse (docs/benchmarks.md).
 *
 * <p>Thread-safety: confined to its router.
 */
final class FanoutGate {
    private final long maxWaitNanos;
    private final TimingModel timing;
    /** Turns that are held back and since when, the first first. */
    private final Map<TurnId, Long> since = new LinkedHashMap<>();

    /** @param maxWait zero to hold nobody back */
    FanoutGate(Duration maxWait, TimingModel timing) {
        this.maxWaitNanos = maxWait.toNanos();
        this.timing = timing;
    }

    /**
     * Whether a turn has to wait.
     *
     * @param chosen where it would go
     * @param all where it could go
     */
    boolean holdsBack(TurnId id, TurnView turn, Candidate chosen, List<Candidate> all, long nowNanos) {
        if (!waitingIsCheaper(turn, chosen, all)) {
            since.remove(id);
            return false;
        }
        return nowNanos - since.computeIfAbsent(id, same -> nowNanos) < maxWaitNanos;
    }

    /** The turn is placed or gone. */
    void forget(TurnId id) {
        since.remove(id);
    }

    /** When the next turn will have waited long enough, if nothing changes before; empty when none waits. */
    OptionalLong nextNanos(long nowNanos) {
        return since.values().stream()
                .mapToLong(began -> began + maxWaitNanos)
                .filter(over -> over - nowNanos > 0)
                .findFirst();
    }

    /** Whether some turn has waited long enough only since an earlier time. */
    boolean due(long lookedNanos, long nowNanos) {
        return since.values().stream()
                .mapToLong(began -> began + maxWaitNanos)
                .anyMatch(over -> over - lookedNanos > 0 && over - nowNanos <= 0);
    }

    private boolean waitingIsCheaper(TurnView turn, Candidate chosen, List<Candidate> all) {
        int cached = chosen.cachedTokens(turn);
        for (Candidate sibling : all) {
            int coming = Math.min(turn.inputTokens(), sibling.activity().computingBlocks() * turn.blockSizeTokens());
            if (coming > cached && waitMillis(turn, sibling, coming) < goMillis(turn, chosen, cached, coming)) {
                return true;
            }
        }
        return false;
    }

    private double waitMillis(TurnView turn, Candidate sibling, int coming) {
        return sibling.activity().prefillMillis() + prefillMillis(turn.inputTokens(), coming);
    }

    private double goMillis(TurnView turn, Candidate chosen, int cached, int coming) {
        return chosen.activity().prefillMillis()
                + chosen.kept().loadMillis()
                + prefillMillis(turn.inputTokens(), cached)
                + prefillMillis(coming, cached);
    }

    private double prefillMillis(int tokens, int cached) {
        return timing.passMillis() + timing.prefillMillis(tokens - cached, cached);
    }
}
