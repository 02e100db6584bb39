package router.placement;

import inference.InferenceFailure;

/**
 * What became of a turn that asked for a worker.
 *
 * <p>Thread-safety: immutable.
 */
public sealed interface Decision {

    /** It has a worker, to which its load is charged until it is released. */
    record Placed(Placement placement) implements Decision {}

    /** It waits; {@link Placer#drain} will name it again. */
    record Queued() implements Decision {}

    /**
     * It gets no worker.
     *
     * @param outcome never {@code PLACED}
     */
    record Refused(RouteOutcome outcome, String message) implements Decision {

        /** What a client is told. */
        public InferenceFailure failure() {
            return outcome.failure(message);
        }
    }
}
