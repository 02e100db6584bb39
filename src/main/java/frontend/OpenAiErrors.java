package frontend;

import akka.http.javadsl.model.StatusCode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Failures in OpenAI's envelope: {@code {"error": {"message", "type", "param", "code"}}}, all four always there.
 *
 * @see <a href="https://platform.openai.com/docs/guides/error-codes">OpenAI's error codes</a>
 */
public final class OpenAiErrors implements ErrorEnvelope {
    private static final String INVALID = "invalid_request_error";
    private static final String SERVER = "server_error";

    OpenAiErrors() {}

    @Override
    public StatusCode status(Kind kind) {
        return ErrorEnvelope.common(kind);
    }

    @Override
    public String body(InferenceFailure failure, String requestId) {
        return envelope(failure);
    }

    /** The envelope of a failure inside a stream, as one line of JSON. */
    public static String envelope(InferenceFailure failure) {
        ObjectNode error = JsonNodeFactory.instance.objectNode();
        error.put("message", failure.message())
                .put("type", type(failure.kind()))
                .put("param", param(failure))
                .put("code", code(failure.kind()));
        return JsonNodeFactory.instance.objectNode().set("error", error).toString();
    }

    private static @Nullable String param(InferenceFailure failure) {
        return failure.param() == null && failure.kind() == Kind.UNKNOWN_MODEL ? "model" : failure.param();
    }

    private static String type(Kind kind) {
        return switch (kind) {
            case INVALID_REQUEST,
                    CONTEXT_LENGTH_EXCEEDED,
                    THREADS_NOT_SERVED,
                    UNKNOWN_PREVIOUS_RESPONSE,
                    UNKNOWN_MODEL,
                    NOT_FOUND,
                    METHOD_NOT_ALLOWED,
                    CONFLICT,
                    REQUEST_TOO_LARGE,
                    UNSUPPORTED_MEDIA_TYPE,
                    CANCELLED -> INVALID;
            case UNAUTHENTICATED -> "authentication_error";
            case NOT_ALLOWED -> "permission_error";
            case RATE_LIMITED -> "rate_limit_error";
            case OVERLOADED, STORE_UNAVAILABLE, TIMEOUT, ENGINE_FAILED, INTERNAL -> SERVER;
        };
    }

    /** The machine-readable cause; null where the type says all. */
    private static @Nullable String code(Kind kind) {
        return switch (kind) {
            case CONTEXT_LENGTH_EXCEEDED -> "context_length_exceeded";
            case UNKNOWN_PREVIOUS_RESPONSE -> "previous_response_not_found";
            case UNAUTHENTICATED -> "invalid_api_key";
            case UNKNOWN_MODEL -> "model_not_found";
            case NOT_FOUND -> "not_found";
            case METHOD_NOT_ALLOWED -> "method_not_allowed";
            case CONFLICT -> "conflict";
            case REQUEST_TOO_LARGE -> "request_too_large";
            case UNSUPPORTED_MEDIA_TYPE -> "unsupported_media_type";
            case RATE_LIMITED -> "rate_limit_exceeded";
            case OVERLOADED -> "overloaded";
            case STORE_UNAVAILABLE -> "store_unavailable";
            case TIMEOUT -> "timeout";
            case CANCELLED -> "cancelled";
            case ENGINE_FAILED -> "engine_failed";
            case INVALID_REQUEST, THREADS_NOT_SERVED, NOT_ALLOWED, INTERNAL -> null;
        };
    }
}
