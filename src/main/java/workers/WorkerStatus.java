package workers;

import java.util.List;
import kv.Hold;
import kv.Incarnation;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.status.CopyRoom;
import workers.status.EngineFacts;
import workers.status.HeldTier;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * What a worker is, has and promises at a moment: the answer to {@link Worker.GetStatus}.
 *
 * @param incarnation null until the engine answered for the first time
 * @param reason why the worker is in its state
 * @param hostBlocks blocks that its host tier holds
 * @param diskBlocks blocks that its disk tier holds
 * @param holds what it keeps, the first to yield first
 * @param held how much of its tiers that is, of those in which it may keep something, the hottest first
 * @param copies what stored copies take of its storage, which other workers may share; null when it writes none
 */
public record WorkerStatus(
        WorkerId worker,
        WorkerState state,
        @Nullable Incarnation incarnation,
        @Nullable EngineFacts facts,
        WorkerLoad load,
        int admittedTurns,
        String reason,
        int hostBlocks,
        int diskBlocks,
        List<Hold> holds,
        List<HeldTier> held,
        @Nullable CopyRoom copies) {
    public WorkerStatus {
        holds = List.copyOf(holds);
        held = List.copyOf(held);
    }
}
