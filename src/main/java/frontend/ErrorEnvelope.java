package frontend;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCode;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import java.time.Duration;

/** How a family of dialects tells of a failure before anything was answered. */
interface ErrorEnvelope {

    /** What the clients of a request's route can read. */
    static ErrorEnvelope of(HttpRequest request) {
        return anthropic(request) ? new AnthropicErrors() : new OpenAiErrors();
    }

    /** Whether a request is of Anthropic's dialect; all others are answered in OpenAI's. */
    static boolean anthropic(HttpRequest request) {
        String path = request.getUri().getPathString();
        boolean shared = path.equals("/v1/models") || path.startsWith("/v1/models/");
        return path.equals("/v1/messages")
                || path.startsWith("/v1/messages/")
                || (shared && request.getHeader("anthropic-version").isPresent());
    }

    StatusCode status(Kind kind);

    /** The envelope as one line of JSON. */
    String body(InferenceFailure failure, String requestId);

    /** The whole answer; a passing failure carries {@code retry-after}. */
    default HttpResponse response(InferenceFailure failure, String requestId) {
        HttpResponse response = HttpResponse.create()
                .withStatus(status(failure.kind()))
                .withEntity(ContentTypes.APPLICATION_JSON, body(failure, requestId));
        Duration retryAfter = failure.retryAfter();
        if (retryAfter != null) {
            long seconds = Math.max(1, retryAfter.plusMillis(999).toSeconds());
            response = response.addHeader(RawHeader.create("retry-after", Long.toString(seconds)));
        }
        return failure.kind() == Kind.UNAUTHENTICATED
                ? response.addHeader(RawHeader.create("www-authenticate", "Bearer"))
                : response;
    }

    /** Status of a failure that all families tell alike. */
    static StatusCode common(Kind kind) {
        return switch (kind) {
            case INVALID_REQUEST, CONTEXT_LENGTH_EXCEEDED, THREADS_NOT_SERVED, UNKNOWN_PREVIOUS_RESPONSE ->
                StatusCodes.BAD_REQUEST;
            case UNAUTHENTICATED -> StatusCodes.UNAUTHORIZED;
            case NOT_ALLOWED -> StatusCodes.FORBIDDEN;
            case UNKNOWN_MODEL, NOT_FOUND -> StatusCodes.NOT_FOUND;
            case METHOD_NOT_ALLOWED -> StatusCodes.METHOD_NOT_ALLOWED;
            case CONFLICT -> StatusCodes.CONFLICT;
            case REQUEST_TOO_LARGE -> StatusCodes.CONTENT_TOO_LARGE;
            case UNSUPPORTED_MEDIA_TYPE -> StatusCodes.UNSUPPORTED_MEDIA_TYPE;
            case RATE_LIMITED -> StatusCodes.TOO_MANY_REQUESTS;
            case OVERLOADED, STORE_UNAVAILABLE -> StatusCodes.SERVICE_UNAVAILABLE;
            case TIMEOUT -> StatusCodes.GATEWAY_TIMEOUT;
            case CANCELLED -> StatusCodes.custom(499, "Client Closed Request", "cancelled");
            case ENGINE_FAILED, INTERNAL -> StatusCodes.INTERNAL_SERVER_ERROR;
        };
    }
}
