package router.strategy;

import inference.TurnId;
import java.util.List;
import kv.WorkerId;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;

/** Turns and candidates of strategies' tests: prompts of 16,000 tokens in 1,000 blocks, workers of 10,000 blocks. */
final class Fleets {
    static final int BLOCK = 16;
    static final int INPUT_TOKENS = 16_000;
    static final int CAPACITY = 10_000;
    private static final EngineFacts FACTS =
            new EngineFacts(List.of("m"), BLOCK, CAPACITY, 8192, 256, 1_000_000, EngineCapabilities.NONE);

    private Fleets() {}

    static TurnView turn(String id, long session, double seconds) {
        return new TurnView(new TurnId(id), (long) (seconds * 1e9), session, INPUT_TOKENS, 100, BLOCK, null);
    }

    static Candidate idle(String worker, int heldBlocks) {
        return candidate(worker, new Candidate.Held(heldBlocks, 0, 0, 0), 0, 0);
    }

    static Candidate candidate(String worker, Candidate.Held held, int requests, int usedBlocks) {
        return new Candidate(
                new WorkerId(worker),
                FACTS,
                new WorkerLoad(requests, 0, usedBlocks, 0, 0, CAPACITY, 0),
                held,
                Candidate.Kept.NOTHING,
                new Candidate.Activity(requests, 0, 0, 0, usedBlocks, 1_000, 0, 0, 0, 0),
                false);
    }

    /** Chooses, acts on it, and tells which. */
    static int place(RoutingStrategy strategy, TurnView turn, List<Candidate> candidates) {
        Choice choice = strategy.choose(turn, candidates);
        strategy.taken(turn, choice, candidates);
        return choice.index();
    }
}
