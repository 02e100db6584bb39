package workers.simserver;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** A request that ends in an error, in vLLM's shape: {@code {"error": {message, type, param, code}}}. */
final class RequestFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final @Nullable String param;
    private final @Nullable Integer retryAfterSeconds;

    private RequestFailure(int status, String message, @Nullable String param, @Nullable Integer retryAfterSeconds) {
        super(message, null, false, false);
        this.status = status;
        this.param = param;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    static RequestFailure of(int status, String message) {
        return new RequestFailure(status, message, null, null);
    }

    /** A request field is wrong. */
    static RequestFailure invalid(String param, String message) {
        return new RequestFailure(400, message, param, null);
    }

    static RequestFailure notFound(@Nullable String param, String message) {
        return new RequestFailure(404, message, param, null);
    }

    /** A fault that a script asks for. */
    static RequestFailure scripted(Action.Fail fail) {
        int status =
                switch (fail.kind()) {
                    case INVALID -> 400;
                    case RATE_LIMIT -> 429;
                    case OVERLOADED -> 503;
                    case INTERNAL -> 500;
                };
        return new RequestFailure(status, fail.message(), null, fail.retryAfterSeconds());
    }

    int status() {
        return status;
    }

    @Nullable
    Integer retryAfterSeconds() {
        return retryAfterSeconds;
    }

    ObjectNode body() {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.putObject("error")
                .put("message", getMessage())
                .put("type", type())
                .put("param", param)
                .put("code", status);
        return body;
    }

    private String type() {
        return switch (status) {
            case 400, 413 -> "BadRequestError";
            case 404 -> "NotFoundError";
            case 405 -> "MethodNotAllowedError";
            case 429 -> "RateLimitError";
            case 503 -> "ServiceUnavailableError";
            default -> "InternalServerError";
        };
    }
}
