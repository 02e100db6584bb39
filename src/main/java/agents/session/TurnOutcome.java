package agents.session;

import inference.InferenceFailure;
import java.util.Locale;

/** How a turn ended; every turn ends in exactly one. Also its metric's label. */
public enum TurnOutcome {
    /** The answer is whole. */
    COMPLETED,
    /** The client went away first, or read no further. */
    CANCELLED,
    /** The request can never be served as it is: unknown model, prompt too long, refused by the engine. */
    REJECTED,
    /** No worker took it in time. */
    OVERLOADED,
    /** The engine failed or died, and the turn could not be moved. */
    ENGINE_FAILED,
    /** The session store did not answer in time: the end is not recorded, and the client was told so. */
    STORE_UNAVAILABLE,
    /** The node that ran it died; nobody knows how far it came. */
    LOST,
    /** A fault of ours. */
    INTERNAL;

    /** The outcome that a failure amounts to. */
    public static TurnOutcome of(InferenceFailure.Kind failure) {
        return switch (failure) {
            case INVALID_REQUEST,
                    CONTEXT_LENGTH_EXCEEDED,
                    UNAUTHENTICATED,
                    NOT_ALLOWED,
                    UNKNOWN_MODEL,
                    NOT_FOUND,
                    METHOD_NOT_ALLOWED,
                    THREADS_NOT_SERVED,
                    UNKNOWN_PREVIOUS_RESPONSE,
                    CONFLICT,
                    REQUEST_TOO_LARGE,
                    UNSUPPORTED_MEDIA_TYPE -> REJECTED;
            case RATE_LIMITED, OVERLOADED -> OVERLOADED;
            case ENGINE_FAILED, TIMEOUT -> ENGINE_FAILED;
            case STORE_UNAVAILABLE -> STORE_UNAVAILABLE;
            case CANCELLED -> CANCELLED;
            case INTERNAL -> INTERNAL;
        };
    }

    /** Lower-case name. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
