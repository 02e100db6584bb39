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
    private final Map<TurnId, Reserved> turns = new HashMap<>();
    private int reservedBlocks;
    private int freshBlocks;

    /**
     * What a turn needs at its end.
     *
     * @param blocks all of it
     * @param fresh what of it no hold covered when it was admitted
     */
    private record Reserved(int blocks, int fresh) {}

    /**
     * Admits a turn or says why not. An admitted turn is admitted again, whatever the load.
     *
     * @param heldBlocks leading blocks of its prompt that holds cover
     */
    Optional<AdmitReply.RefusalReason> admit(
            TurnId turn,
            int inputTokens,
            int expectedOutputTokens,
            int heldBlocks,
            WorkerState state,
            @Nullable EngineFacts facts) {
        if (turns.containsKey(turn)) {
            return Optional.empty();
        }
        boolean comesBack = state == WorkerState.DRAINING && heldBlocks > 0;
        if (state == WorkerState.DRAINING && !comesBack) {
            return Optional.of(AdmitReply.RefusalReason.DRAINING);
        }
        if (!(comesBack || state.accepting()) || facts == null) {
            return Optional.of(AdmitReply.RefusalReason.NOT_READY);
        }
        if (inputTokens > facts.longestPrompt()) {
            return Optional.of(AdmitReply.RefusalReason.TOO_LONG);
        }
        if (turns.size() >= facts.maxSequences()) {
            return Optional.of(AdmitReply.RefusalReason.FULL);
        }
        int whole = Math.min(facts.deviceBlocks(), blocks(inputTokens + expectedOutputTokens, facts));
        put(turn, new Reserved(whole, Math.max(0, whole - heldBlocks)));
        return Optional.empty();
    }

    /** Takes in a turn that runs already, admitted by a predecessor of this worker; its size is unknown. */
    void adopt(TurnId turn) {
        if (!turns.containsKey(turn)) {
            put(turn, new Reserved(0, 0));
        }
    }

    /** Lets a turn go; false when it was not admitted. */
    boolean end(TurnId turn) {
        Reserved reserved = turns.remove(turn);
        if (reserved != null) {
            reservedBlocks -= reserved.blocks();
            freshBlocks -= reserved.fresh();
        }
        return reserved != null;
    }

    int turns() {
        return turns.size();
    }

    /** Blocks that the admitted turns will need at their end, as far as known. */
    int reservedBlocks() {
        return reservedBlocks;
    }

    /** Of {@link #reservedBlocks}, those that are needed beside what is held. An estimate: holds come and go meanwhile. */
    int freshBlocks() {
        return freshBlocks;
    }

    private void put(TurnId turn, Reserved needed) {
        turns.put(turn, needed);
        reservedBlocks += needed.blocks();
        freshBlocks += needed.fresh();
    }

    private static int blocks(int tokens, EngineFacts facts) {
        return (tokens + facts.blockSizeTokens() - 1) / facts.blockSizeTokens();
    }
}
