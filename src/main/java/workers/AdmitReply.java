package workers;

import java.time.Duration;
import kv.Incarnation;
import workers.status.WorkerLoad;

/** Answer to {@link Worker.AdmitTurn}. */
public sealed interface AdmitReply {
    /**
     * The turn may be sent to the engine.
     *
     * @param validFor lapses without {@link Worker.RenewAdmission} in that time
     */
    record Admitted(Incarnation incarnation, Duration validFor, Placed place) implements AdmitReply {}

    /** Where in the engine a turn is to run, and how many leading blocks of its prompt are known to be there. */
    record Placed(Seat seat, int keptBlocks) {}

    /**
     * The turn may not run here now; the router's view was stale and the rest tells how.
     *
     * @param longestPrompt most tokens of a prompt that the engine takes, 0 while that is unknown
     */
    record Refused(RefusalReason reason, WorkerLoad load, int longestPrompt) implements AdmitReply {}

    /** Why a worker refuses. */
    enum RefusalReason {
        NOT_READY,
        DRAINING,
        FULL,
        TOO_LONG
    }
}
