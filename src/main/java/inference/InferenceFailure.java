package inference;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Why a turn could not be answered; each dialect maps it to its own error body.
 *
 * <p>Thread-safety: immutable.
 *
 * @param message for the client: what, where, which limit and which configuration key
 * @param param path of the request field at fault, if one is
 * @param retryAfter when a retry may help; where nobody knows, a second for what passes by itself, and else null
 */
public record InferenceFailure(Kind kind, String message, @Nullable String param, @Nullable Duration retryAfter) {
    private static final Duration SOON = Duration.ofSeconds(1);

    public InferenceFailure {
        if (retryAfter == null && passes(kind)) {
            retryAfter = SOON;
        }
    }

    /** Low-cardinality cause. */
    public enum Kind {
        INVALID_REQUEST,
        CONTEXT_LENGTH_EXCEEDED,
        UNAUTHENTICATED,
        NOT_ALLOWED,
        UNKNOWN_MODEL,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        /** A conversation of which only the new part is sent, in a dialect where that is refused. */
        THREADS_NOT_SERVED,
        /** The answer that a request continues is not kept, or no longer. */
        UNKNOWN_PREVIOUS_RESPONSE,
        /** The same thing is being done already. */
        CONFLICT,
        REQUEST_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        /** More than can wait: the queue is full, or the engine says so. */
        RATE_LIMITED,
        /** No worker can take it now: all draining, all lost, none free for too long. */
        OVERLOADED,
        /** The engine failed or died and the turn could not be moved. */
        ENGINE_FAILED,
        /** The session store did not answer in time. */
        STORE_UNAVAILABLE,
        TIMEOUT,
        CANCELLED,
        INTERNAL
    }

    /** Whether it may help to try again soon: by then a queue, a worker or the store may have room. */
    private static boolean passes(Kind kind) {
        return switch (kind) {
            case RATE_LIMITED, OVERLOADED, STORE_UNAVAILABLE -> true;
            default -> false;
        };
    }

    public static InferenceFailure of(Kind kind, String message) {
        return new InferenceFailure(kind, message, null, null);
    }

    /** A request field is wrong. */
    public static InferenceFailure invalid(String param, String message) {
        return new InferenceFailure(Kind.INVALID_REQUEST, message, param, null);
    }
}
