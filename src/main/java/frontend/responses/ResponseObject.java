package frontend.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.Usage;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The response object of one turn in each of its states, always with every key.
 *
 * <p>Thread-safety: immutable.
 *
 * @param createdSeconds when it was asked for, in seconds of the epoch
 */
record ResponseObject(String id, long createdSeconds, ResponsesRequest request) {

    ObjectNode inProgress() {
        return with("in_progress", List.of());
    }

    ObjectNode ended(InferenceEvent.Finished end, List<ObjectNode> output, long completedSeconds) {
        String incomplete = incompleteReason(end.reason());
        ObjectNode response = with(incomplete == null ? "completed" : "incomplete", output);
        if (incomplete == null) {
            response.put("completed_at", completedSeconds);
        } else {
            response.putObject("incomplete_details").put("reason", incomplete);
        }
        usage(end.usage(), response.putObject("usage"));
        return response;
    }

    ObjectNode failed(InferenceFailure failure, List<ObjectNode> output) {
        ObjectNode response = with("failed", output);
        response.putObject("error").put("code", code(failure.kind())).put("message", message(failure));
        return response;
    }

    /** Why an answer is not whole, null when it is. */
    static @Nullable String incompleteReason(FinishReason reason) {
        return switch (reason) {
            case LENGTH -> "max_output_tokens";
            case CONTENT_FILTER -> "content_filter";
            case STOP, STOP_SEQUENCE, TOOL_CALLS, REFUSAL -> null;
        };
    }

    private ObjectNode with(String status, List<ObjectNode> output) {
        ObjectNode response = JsonNodeFactory.instance.objectNode();
        response.put("id", id).put("object", "response").put("created_at", createdSeconds);
        response.putNull("completed_at").put("status", status).putNull("error").putNull("incomplete_details");
        response.setAll((ObjectNode) ResponsesInput.json(request.settings()));
        ArrayNode items = response.putArray("output");
        output.forEach(items::add);
        response.putNull("usage");
        return response;
    }

    private static void usage(Usage usage, ObjectNode target) {
        target.put("input_tokens", usage.inputTokens());
        target.putObject("input_tokens_details").put("cached_tokens", usage.cachedTokens());
        target.put("output_tokens", usage.outputTokens());
        target.putObject("output_tokens_details").put("reasoning_tokens", usage.reasoningTokens());
        target.put("total_tokens", usage.inputTokens() + usage.outputTokens());
    }

    /** The codes that clients tell apart; they try again on any other. */
    private static String code(Kind kind) {
        return switch (kind) {
            case RATE_LIMITED -> "rate_limit_exceeded";
            case CONTEXT_LENGTH_EXCEEDED -> "context_length_exceeded";
            case INVALID_REQUEST -> "invalid_prompt";
            default -> "server_error";
        };
    }

    private static String message(InferenceFailure failure) {
        Duration wait = failure.retryAfter();
        return failure.kind() == Kind.RATE_LIMITED && wait != null
                ? failure.message() + ". Please try again in " + Math.max(1, wait.toSeconds()) + "s."
                : failure.message();
    }
}
