package router.retention;

import kv.Incarnation;
import kv.WorkerId;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * A worker as it is known here and now.
 *
 * <p>Thread-safety: immutable.
 */
public record LiveWorker(
        WorkerId worker, Incarnation incarnation, WorkerState state, EngineFacts facts, WorkerLoad load) {

    /** Whether what it acknowledged still counts. */
    public boolean reachable() {
        return state == WorkerState.READY || state == WorkerState.DRAINING;
    }

    /** Whether it is the same life in the same state, whatever the load. */
    boolean livesLike(LiveWorker other) {
        return incarnation.equals(other.incarnation) && state == other.state && facts.equals(other.facts);
    }

    boolean couldRun(LeaseTerms terms) {
        return state.accepting()
                && facts.models().contains(terms.model())
                && facts.blockSizeTokens() == terms.blockSizeTokens()
                && facts.deviceBlocks() >= terms.prefix().blocks();
    }
}
