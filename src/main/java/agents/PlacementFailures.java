package agents;

import inference.InferenceFailure;
import kv.WorkerId;
import router.Router;
import router.placement.RouteOutcome;
import workers.AdmitReply;

/** What a client is told when a turn finds no place. */
final class PlacementFailures {
    private PlacementFailures() {}

    static InferenceFailure of(Router.NotPlaced refusal) {
        return refusal.outcome().failure(refusal.message());
    }

    /** @param inputTokens length of the turn's prompt */
    static InferenceFailure of(AdmitReply.Refused refusal, int inputTokens) {
        return refusal.reason() == AdmitReply.RefusalReason.TOO_LONG
                ? RouteOutcome.TOO_LONG.failure(
                        RouteOutcome.tooLong(inputTokens, refusal.longestPrompt()) + " of the last worker asked")
                : RouteOutcome.NO_WORKER.failure("the last worker asked refused the turn: " + refusal.reason());
    }

    static InferenceFailure silent(WorkerId worker) {
        return RouteOutcome.NO_WORKER.failure("worker " + worker + " did not answer in time");
    }
}
