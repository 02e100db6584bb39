package frontend.chat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import inference.FinishReason;
import inference.Usage;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** What whole answers and chunks have in common on the wire. */
final class ChatWire {
    private static final JsonFactory FACTORY = new JsonFactory();

    private ChatWire() {}

    /** Part of a JSON text. */
    @FunctionalInterface
    interface Part {
        void write(JsonGenerator json) throws IOException;
    }

    /** One JSON object on one line. */
    static String object(int expectedLength, Part members) {
        StringWriter text = new StringWriter(expectedLength);
        // A writer, not a byte stream: that one refuses the halves of surrogate pairs that models can produce.
        try (JsonGenerator json = FACTORY.createGenerator(text)) {
            json.writeStartObject();
            members.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return text.toString();
    }

    /** Members that every body of one answer repeats. */
    static void head(JsonGenerator json, AnswerHead head, String object) throws IOException {
        json.writeStringField("id", head.id());
        json.writeStringField("object", object);
        json.writeNumberField("created", head.createdSeconds());
        json.writeStringField("model", head.model());
    }

    static void usage(JsonGenerator json, Usage usage) throws IOException {
        json.writeObjectFieldStart("usage");
        json.writeNumberField("prompt_tokens", usage.inputTokens());
        json.writeNumberField("completion_tokens", usage.outputTokens());
        json.writeNumberField("total_tokens", usage.inputTokens() + usage.outputTokens());
        json.writeObjectFieldStart("prompt_tokens_details");
        json.writeNumberField("cached_tokens", usage.cachedTokens());
        json.writeEndObject();
        json.writeObjectFieldStart("completion_tokens_details");
        json.writeNumberField("reasoning_tokens", usage.reasoningTokens());
        json.writeEndObject();
        json.writeEndObject();
    }

    /** The dialect's name of an end; an answer that made calls ends with them even if a call was forced. */
    static String finishReason(FinishReason reason, boolean calls) {
        return switch (reason) {
            case STOP, STOP_SEQUENCE, REFUSAL -> calls ? "tool_calls" : "stop";
            case TOOL_CALLS -> "tool_calls";
            case LENGTH -> "length";
            case CONTENT_FILTER -> "content_filter";
        };
    }

    static void textOrNull(JsonGenerator json, String name, @Nullable String value) throws IOException {
        if (value == null) {
            json.writeNullField(name);
        } else {
            json.writeStringField(name, value);
        }
    }

    /**
     * What every body of one answer repeats.
     *
     * @param id of the answer
     * @param createdSeconds when it was asked for, in seconds of the epoch
     */
    record AnswerHead(String id, long createdSeconds, String model) {}
}
