package frontend.messages;

import com.fasterxml.jackson.core.JsonGenerator;
import frontend.JsonLine;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.PromptLength;
import inference.Usage;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** What whole answers and events have in common on the wire. */
final class MessagesWire {
    private static final Duration LONG = Duration.ofHours(1);

    private MessagesWire() {}

    /** Members of a message before its content. */
    static void head(JsonGenerator json, String id, String model) throws IOException {
        json.writeStringField("id", id);
        json.writeStringField("type", "message");
        json.writeStringField("role", "assistant");
        json.writeStringField("model", model);
    }

    /** How an answer ended; one that made calls ends with them even if a call was forced. */
    static void stop(JsonGenerator json, InferenceEvent.Finished end, boolean calls, boolean refused)
            throws IOException {
        json.writeStringField("stop_reason", refused ? "refusal" : stopReason(end.reason(), calls));
        boolean stopped = end.reason() == FinishReason.STOP_SEQUENCE && !calls;
        JsonLine.textOrNull(json, "stop_sequence", stopped ? end.stopSequence() : null);
    }

    private static String stopReason(FinishReason reason, boolean calls) {
        return switch (reason) {
            case STOP -> calls ? "tool_use" : "end_turn";
            case STOP_SEQUENCE -> calls ? "tool_use" : "stop_sequence";
            case TOOL_CALLS -> "tool_use";
            case LENGTH -> "max_tokens";
            case REFUSAL, CONTENT_FILTER -> "refusal";
        };
    }

    /**
     * Tokens, of which those read from the cache, those written to it and the others are told apart. What is not read counts as
     * written as far as the request asks for its prompt to be kept.
     */
    static void usage(JsonGenerator json, Usage usage, List<PromptLength.Marked> marked) throws IOException {
        int written = written(usage, marked.stream());
        int lasting = written(usage, marked.stream().filter(part -> part.ttl().equals(LONG)));
        json.writeObjectFieldStart("usage");
        json.writeNumberField("input_tokens", usage.inputTokens() - usage.cachedTokens() - written);
        json.writeNumberField("cache_creation_input_tokens", written);
        json.writeNumberField("cache_read_input_tokens", usage.cachedTokens());
        json.writeObjectFieldStart("cache_creation");
        json.writeNumberField("ephemeral_5m_input_tokens", written - lasting);
        json.writeNumberField("ephemeral_1h_input_tokens", lasting);
        json.writeEndObject();
        json.writeNumberField("output_tokens", usage.outputTokens());
        json.writeStringField("service_tier", "standard");
        json.writeEndObject();
    }

    /** Tokens that were computed of what is marked, as the engine counts both. */
    private static int written(Usage usage, Stream<PromptLength.Marked> marked) {
        int end = marked.mapToInt(PromptLength.Marked::tokens).max().orElse(0);
        return Math.max(0, Math.min(end, usage.inputTokens()) - usage.cachedTokens());
    }
}
