package workers.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an engine's error means to a turn. Engines agree on status codes, less on bodies: {@code {"error": {message, type,
 * code, param}}}, the same without the envelope, or plain text.
 *
 * <p>Thread-safety: stateless.
 */
final class ErrorBody {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MESSAGE_LIMIT = 1000;
    private static final Set<String> CONTEXT_CODES =
            Set.of("context_length_exceeded", "exceed_context_size_error", "context_window_exceeded");

    private ErrorBody() {}

    /**
     * Reads the answer to a refused request.
     *
     * @param retryAfter the header's value, empty without one
     * @param date the same of when the engine answered
     */
    static InferenceFailure read(int status, String body, String retryAfter, String date) {
        JsonNode parsed = parse(body);
        JsonNode error = parsed.path("error").isObject() ? parsed.path("error") : parsed;
        String message = error.path("message").asText(error.path("error").asText(body));
        String shown = message.isBlank() ? "status " + status : message;
        return new InferenceFailure(
                kind(status, error, message), cut(shown), error.path("param").textValue(), wait(retryAfter, date));
    }

    /** Seconds, or until a date, by the engine's own clock; null when neither can be read. */
    private static @Nullable Duration wait(String retryAfter, String date) {
        if (retryAfter.matches("\\d{1,6}")) {
            return Duration.ofSeconds(Long.parseLong(retryAfter));
        }
        try {
            return Duration.between(instant(date), instant(retryAfter));
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static Instant instant(String httpDate) {
        return DateTimeFormatter.RFC_1123_DATE_TIME.parse(httpDate, Instant::from);
    }

    private static JsonNode parse(String body) {
        try {
            JsonNode parsed = JSON.readTree(body);
            return parsed != null && parsed.isObject() ? parsed : MissingNode.getInstance();
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }

    /** Reads an error sent in the middle of a stream. */
    static InferenceFailure midStream(JsonNode error) {
        String message =
                error.isTextual() ? error.asText() : error.path("message").asText(error.toString());
        Kind kind = contextLength(error, message) ? Kind.CONTEXT_LENGTH_EXCEEDED : Kind.ENGINE_FAILED;
        return InferenceFailure.of(kind, cut(message));
    }

    private static Kind kind(int status, JsonNode error, String message) {
        return switch (status) {
            case 400, 422 -> contextLength(error, message) ? Kind.CONTEXT_LENGTH_EXCEEDED : Kind.INVALID_REQUEST;
            case 404 -> Kind.UNKNOWN_MODEL;
            case 413 -> Kind.REQUEST_TOO_LARGE;
            case 429 -> Kind.RATE_LIMITED;
            case 503, 529 -> Kind.OVERLOADED;
            case 408, 504 -> Kind.TIMEOUT;
            default -> Kind.ENGINE_FAILED;
        };
    }

    private static boolean contextLength(JsonNode error, String message) {
        String lower = message.toLowerCase(Locale.ROOT);
        return CONTEXT_CODES.contains(error.path("code").asText())
                || CONTEXT_CODES.contains(error.path("type").asText())
                || lower.contains("maximum context length")
                || lower.contains("maximum model length")
                || lower.contains("longer than the model's context");
    }

    private static String cut(String message) {
        return message.length() <= MESSAGE_LIMIT ? message : message.substring(0, MESSAGE_LIMIT);
    }
}
