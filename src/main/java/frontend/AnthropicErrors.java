package frontend;

import akka.http.javadsl.model.StatusCode;
import akka.http.javadsl.model.StatusCodes;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;

/**
 * Failures in Anthropic's envelope: {@code {"type": "error", "error": {"type", "message"}, "request_id"}}.
 *
 * @see <a href="https://docs.anthropic.com/en/api/errors">Anthropic's errors</a>
 */
public final class AnthropicErrors implements ErrorEnvelope {
    private static final String INVALID = "invalid_request_error";
    private static final StatusCode OVERLOADED = StatusCodes.custom(529, "Overloaded", "overloaded");

    AnthropicErrors() {}

    @Override
    public StatusCode status(Kind kind) {
        StatusCode common = ErrorEnvelope.common(kind);
        return common.equals(StatusCodes.SERVICE_UNAVAILABLE) ? OVERLOADED : common;
    }

    @Override
    public String body(InferenceFailure failure, String requestId) {
        return envelope(failure, requestId);
    }

    /** The envelope of a failure inside a stream, as one line of JSON. */
    public static String envelope(InferenceFailure failure, String requestId) {
        return JsonLine.object(256, json -> {
            json.writeStringField("type", "error");
            JsonLine.objectField(json, "error", error -> {
                error.writeStringField("type", type(failure.kind()));
                error.writeStringField("message", message(failure));
                if (failure.kind() == Kind.THREADS_NOT_SERVED) {
                    JsonLine.objectField(
                            error,
                            "details",
                            details -> details.writeStringField("error_code", "thread_unsupported_request"));
                }
            });
            json.writeStringField("request_id", requestId);
        });
    }

    /** Harnesses know by these words that they must shorten a conversation, or ask for less. Engines have words of their own. */
    private static String message(InferenceFailure failure) {
        if (failure.kind() != Kind.CONTEXT_LENGTH_EXCEEDED) {
            return failure.message();
        }
        String words = "max_tokens".equals(failure.param())
                ? "input length and `max_tokens` exceed context limit: "
                : "prompt is too long: ";
        return failure.message().startsWith(words) ? failure.message() : words + failure.message();
    }

    private static String type(Kind kind) {
        return switch (kind) {
            case INVALID_REQUEST,
                    CONTEXT_LENGTH_EXCEEDED,
                    THREADS_NOT_SERVED,
                    UNKNOWN_PREVIOUS_RESPONSE,
                    METHOD_NOT_ALLOWED,
                    CONFLICT,
                    UNSUPPORTED_MEDIA_TYPE,
                    CANCELLED -> INVALID;
            case UNKNOWN_MODEL, NOT_FOUND -> "not_found_error";
            case UNAUTHENTICATED -> "authentication_error";
            case NOT_ALLOWED -> "permission_error";
            case REQUEST_TOO_LARGE -> "request_too_large";
            case RATE_LIMITED -> "rate_limit_error";
            case OVERLOADED, STORE_UNAVAILABLE -> "overloaded_error";
            case TIMEOUT -> "timeout_error";
            case ENGINE_FAILED, INTERNAL -> "api_error";
        };
    }
}
