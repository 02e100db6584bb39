package workers;

import inference.TurnId;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import workers.status.EngineFacts;
import workers.status.WorkerState;

/**
 * Turns that a worker has let in, and how many more it may. Mutable, not thread safe.
 *
 * <p>The engine queues and preempts by itself: a worker bounds how many turns it holds at once and refuses what could never
 * run there.
 */
final class Admissions {
    private final double turnsPerSlot;
    private final Map<TurnId, Integer> blocks = new HashMap<>();
    private int reservedBlocks;

    Admissions(double turnsPerSlot) {
        this.turnsPerSlot = turnsPerSlot;
    }

    /** Admits a turn or says why not. An admitted turn is admitted again, whatever the load. */
    Optional<Worker.RefusalReason> admit(
            TurnId turn, int inputTokens, int expectedOutputTokens, WorkerState state, @Nullable EngineFacts facts) {
        if (blocks.containsKey(turn)) {
            return Optional.empty();
        }
        if (state == WorkerState.DRAINING) {
            return Optional.of(Worker.RefusalReason.DRAINING);
        }
        if (!state.accepting() || facts == null) {
            return Optional.of(Worker.RefusalReason.NOT_READY);
        }
        int needed = blocks(inputTokens + 1, facts);
        if (inputTokens >= facts.contextTokens() || needed > facts.deviceBlocks()) {
            return Optional.of(Worker.RefusalReason.TOO_LONG);
        }
        if (blocks.size() >= Math.max(1, Math.round(turnsPerSlot * facts.maxSequences()))) {
            return Optional.of(Worker.RefusalReason.FULL);
        }
        put(turn, Math.min(facts.deviceBlocks(), blocks(inputTokens + expectedOutputTokens, facts)));
        return Optional.empty();
    }

    /** Takes in a turn that runs already, admitted by a predecessor of this worker; its size is unknown. */
    void adopt(TurnId turn) {
        if (!blocks.containsKey(turn)) {
            put(turn, 0);
        }
    }

    /** Lets a turn go; false when it was not admitted. */
    boolean end(TurnId turn) {
        Integer reserved = blocks.remove(turn);
        reservedBlocks -= reserved == null ? 0 : reserved;
        return reserved != null;
    }

    int turns() {
        return blocks.size();
    }

    /** Blocks that the admitted turns will need at their end, as far as known. */
    int reservedBlocks() {
        return reservedBlocks;
    }

    private void put(TurnId turn, int needed) {
        blocks.put(turn, needed);
        reservedBlocks += needed;
    }

    private static int blocks(int tokens, EngineFacts facts) {
        return (tokens + facts.blockSizeTokens() - 1) / facts.blockSizeTokens();
    }
}
