package frontend;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCode;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Failures in OpenAI's envelope: {@code {"error": {"message", "type", "param", "code"}}}, all four always there. A
 * passing failure carries {@code retry-after}.
 *
 * @see <a href="https://platform.openai.com/docs/guides/error-codes">OpenAI's error codes</a>
 */
public final class OpenAiErrors {
    private static final String INVALID = "invalid_request_error";
    private static final String SERVER = "server_error";
    private static final int CLIENT_CLOSED_REQUEST = 499;

    private OpenAiErrors() {}

    /** Failure before anything was answered. */
    public static HttpResponse response(InferenceFailure failure) {
        HttpResponse response = response(status(failure.kind()), body(failure));
        Duration retryAfter = failure.retryAfter();
        if (retryAfter != null) {
            long seconds = Math.max(1, retryAfter.plusMillis(999).toSeconds());
            response = response.addHeader(RawHeader.create("retry-after", Long.toString(seconds)));
        }
        return failure.kind() == Kind.UNAUTHENTICATED
                ? response.addHeader(RawHeader.create("www-authenticate", "Bearer"))
                : response;
    }

    /** Failure that HTTP itself has a status for. */
    static HttpResponse response(StatusCode status, @Nullable String code, String message) {
        return response(status, envelope(message, INVALID, null, code));
    }

    /** The envelope as one line of JSON. */
    public static String body(InferenceFailure failure) {
        String param = failure.param() == null && failure.kind() == Kind.UNKNOWN_MODEL ? "model" : failure.param();
        return envelope(failure.message(), type(failure.kind()), param, code(failure.kind()));
    }

    private static HttpResponse response(StatusCode status, String body) {
        return HttpResponse.create().withStatus(status).withEntity(ContentTypes.APPLICATION_JSON, body);
    }

    private static String envelope(String message, String type, @Nullable String param, @Nullable String code) {
        ObjectNode error = JsonNodeFactory.instance.objectNode();
        error.put("message", message).put("type", type).put("param", param).put("code", code);
        return JsonNodeFactory.instance.objectNode().set("error", error).toString();
    }

    private static StatusCode status(Kind kind) {
        return switch (kind) {
            case INVALID_REQUEST, CONTEXT_LENGTH_EXCEEDED -> StatusCodes.BAD_REQUEST;
            case UNAUTHENTICATED -> StatusCodes.UNAUTHORIZED;
            case NOT_ALLOWED -> StatusCodes.FORBIDDEN;
            case UNKNOWN_MODEL, NOT_FOUND -> StatusCodes.NOT_FOUND;
            case CONFLICT -> StatusCodes.CONFLICT;
            case REQUEST_TOO_LARGE -> StatusCodes.CONTENT_TOO_LARGE;
            case UNSUPPORTED_MEDIA_TYPE -> StatusCodes.UNSUPPORTED_MEDIA_TYPE;
            case RATE_LIMITED -> StatusCodes.TOO_MANY_REQUESTS;
            case OVERLOADED, STORE_UNAVAILABLE -> StatusCodes.SERVICE_UNAVAILABLE;
            case TIMEOUT -> StatusCodes.GATEWAY_TIMEOUT;
            case CANCELLED -> StatusCodes.custom(CLIENT_CLOSED_REQUEST, "Client Closed Request", "cancelled");
            case ENGINE_FAILED, INTERNAL -> StatusCodes.INTERNAL_SERVER_ERROR;
        };
    }

    private static String type(Kind kind) {
        return switch (kind) {
            case INVALID_REQUEST,
                    CONTEXT_LENGTH_EXCEEDED,
                    UNKNOWN_MODEL,
                    NOT_FOUND,
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

    private static @Nullable String code(Kind kind) {
        return switch (kind) {
            case CONTEXT_LENGTH_EXCEEDED -> "context_length_exceeded";
            case UNAUTHENTICATED -> "invalid_api_key";
            case UNKNOWN_MODEL -> "model_not_found";
            case NOT_FOUND -> "not_found";
            case CONFLICT -> "conflict";
            case REQUEST_TOO_LARGE -> "request_too_large";
            case UNSUPPORTED_MEDIA_TYPE -> "unsupported_media_type";
            case RATE_LIMITED -> "rate_limit_exceeded";
            case OVERLOADED -> "overloaded";
            case STORE_UNAVAILABLE -> "store_unavailable";
            case TIMEOUT -> "timeout";
            case CANCELLED -> "cancelled";
            case ENGINE_FAILED -> "engine_failed";
            case INVALID_REQUEST, NOT_ALLOWED, INTERNAL -> null;
        };
    }
}
