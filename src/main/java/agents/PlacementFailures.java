package agents;

import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import java.time.Duration;
import router.Router;
import workers.Worker;

/** What a client is told when a turn finds no place. */
final class PlacementFailures {
    /** When queues or workers may have room again, as a hint for clients. */
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private PlacementFailures() {}

    static InferenceFailure of(Router.NotPlaced refusal) {
        return switch (refusal.outcome()) {
            case UNKNOWN_MODEL -> new InferenceFailure(Kind.UNKNOWN_MODEL, refusal.message(), "model", null);
            case TOO_LONG -> new InferenceFailure(Kind.CONTEXT_LENGTH_EXCEEDED, refusal.message(), "messages", null);
            case NO_WORKER, QUEUE_FULL, WAITED_TOO_LONG -> overloaded(refusal.message());
            case CANCELLED -> InferenceFailure.of(Kind.CANCELLED, refusal.message());
            case PLACED -> throw new IllegalArgumentException("a placed turn has not failed");
        };
    }

    static InferenceFailure of(Worker.AdmissionRefused refusal) {
        return overloaded("the last worker asked refused the turn: " + refusal.reason());
    }

    static InferenceFailure overloaded(String message) {
        return new InferenceFailure(Kind.OVERLOADED, message, null, RETRY_AFTER);
    }
}
