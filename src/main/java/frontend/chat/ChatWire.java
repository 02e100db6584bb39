package frontend.chat;

import com.fasterxml.jackson.core.JsonGenerator;
import frontend.JsonLine;
import frontend.Logprobs;
import inference.FinishReason;
import inference.TokenLogprob;
import inference.Usage;
import java.io.IOException;
import java.util.List;

/** What whole answers and chunks have in common on the wire. */
final class ChatWire {
    private ChatWire() {}

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

    /** Members of a call that tell what kind of tool it calls, which one, and with what. */
    static void call(JsonGenerator json, String type, String name, String field, String value) throws IOException {
        json.writeStringField("type", type);
        JsonLine.objectField(json, type, members -> {
            members.writeStringField("name", name);
            members.writeStringField(field, value);
        });
    }

    /** Log probabilities of text, null where none were told. */
    static void logprobs(JsonGenerator json, List<TokenLogprob> tokens) throws IOException {
        if (tokens.isEmpty()) {
            json.writeNullField("logprobs");
            return;
        }
        JsonLine.objectField(json, "logprobs", members -> {
            Logprobs.arrayField(members, "content", tokens);
            members.writeNullField("refusal");
        });
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

    /**
     * What every body of one answer repeats.
     *
     * @param id of the answer
     * @param createdSeconds when it was asked for, in seconds of the epoch
     */
    record AnswerHead(String id, long createdSeconds, String model) {}
}
