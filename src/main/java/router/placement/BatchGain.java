package router.placement;

import inference.TurnId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import kv.WorkerId;

/**
 * Admits a turn to a worker only if the worker then decodes more tokens per second than without it: a long context slows each step for all,
 * and beside few short ones it costs more than it brings. With B turns of so many tokens together a worker makes
 *
 * <pre>
 * B / (0.010635 + 0.00041928·B + 1.4205e-7·tokens)   tokens per second
 * </pre>
 *
 * A turn that has waited 5 minutes is admitted anyway. Re-implemented from the vLLM router's pull request 286, {@code
 * docs/program_scheduling.md}: its author's description, the code was not read. The coefficients are those of its machine. Left out: the
 * headroom between ranks, and keeping paused programs apart from the queue.
 */
final class BatchGain implements PausePolicy {
    private static final Duration FORCED_AFTER = Duration.ofMinutes(5);

    private final Map<TurnId, Running> byTurn = new HashMap<>();
    private final Map<WorkerId, Batch> byWorker = new HashMap<>();

    private record Running(WorkerId worker, int tokens) {}

    private record Batch(int turns, long tokens) {
        static final Batch EMPTY = new Batch(0, 0);

        Batch with(int sign, int turnTokens) {
            return new Batch(turns + sign, tokens + (long) sign * turnTokens);
        }

        double tokensPerSecond() {
            return turns / (0.010635 + 0.00041928 * turns + 1.4205e-7 * tokens);
        }
    }

    @Override
    public boolean admits(RouteRequest turn, Room room, Duration waited, long nowNanos) {
        Batch batch = byWorker.getOrDefault(room.worker(), Batch.EMPTY);
        return waited.compareTo(FORCED_AFTER) >= 0
                || batch.with(1, turn.inputTokens()).tokensPerSecond() > batch.tokensPerSecond();
    }

    @Override
    public void placed(RouteRequest turn, Room room, long nowNanos) {
        byTurn.put(turn.turn(), new Running(room.worker(), turn.inputTokens()));
        byWorker.put(
                room.worker(), byWorker.getOrDefault(room.worker(), Batch.EMPTY).with(1, turn.inputTokens()));
    }

    @Override
    public void ended(TurnId turn, boolean callsTools, long nowNanos) {
        Running over = byTurn.remove(turn);
        if (over != null) {
            Batch rest = byWorker.getOrDefault(over.worker, Batch.EMPTY).with(-1, over.tokens);
            if (rest.turns == 0) {
                byWorker.remove(over.worker);
            } else {
                byWorker.put(over.worker, rest);
            }
        }
    }
}
