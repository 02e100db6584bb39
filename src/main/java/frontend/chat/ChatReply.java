package frontend.chat;

import com.fasterxml.jackson.core.JsonGenerator;
import inference.ContentBlock;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.ReplyBuilder;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer in one piece, gathered event by event.
 *
 * <p>Thread-safety: confined to one stream.
 */
final class ChatReply {
    private final ReplyBuilder reply = new ReplyBuilder();
    private InferenceEvent.@Nullable Finished finished;
    private @Nullable InferenceFailure failure;

    /** Takes the next event. */
    ChatReply add(InferenceEvent event) {
        reply.add(event);
        if (event instanceof InferenceEvent.Finished end) {
            finished = end;
        } else if (event instanceof InferenceEvent.Failed failed) {
            failure = failed.failure();
        }
        return this;
    }

    /** Why there is no answer; null when there is one. */
    @Nullable
    InferenceFailure failure() {
        return finished == null && failure == null
                ? InferenceFailure.of(InferenceFailure.Kind.CANCELLED, "the turn was cancelled")
                : failure;
    }

    /** The body of a complete answer. */
    String body(ChatWire.AnswerHead head) {
        InferenceEvent.Finished end = finished;
        if (end == null) {
            throw new IllegalStateException("the answer is not complete");
        }
        return ChatWire.object(reply.text().length() + reply.thinking().length() + 512, json -> {
            ChatWire.head(json, head, "chat.completion");
            json.writeArrayFieldStart("choices");
            json.writeStartObject();
            json.writeNumberField("index", 0);
            message(json);
            json.writeNullField("logprobs");
            json.writeStringField(
                    "finish_reason",
                    ChatWire.finishReason(end.reason(), !reply.calls().isEmpty()));
            json.writeEndObject();
            json.writeEndArray();
            ChatWire.usage(json, end.usage());
        });
    }

    private void message(JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("message");
        json.writeStringField("role", "assistant");
        List<ContentBlock.ToolUse> calls = reply.calls();
        boolean noText =
                reply.text().isEmpty() && (!calls.isEmpty() || !reply.refusal().isEmpty());
        ChatWire.textOrNull(json, "content", noText ? null : reply.text());
        ChatWire.textOrNull(json, "refusal", reply.refusal().isEmpty() ? null : reply.refusal());
        if (!reply.thinking().isEmpty()) {
            json.writeStringField("reasoning_content", reply.thinking());
        }
        if (!calls.isEmpty()) {
            json.writeArrayFieldStart("tool_calls");
            for (ContentBlock.ToolUse call : calls) {
                write(call, json);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    private static void write(ContentBlock.ToolUse call, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", call.id());
        json.writeStringField("type", "function");
        json.writeObjectFieldStart("function");
        json.writeStringField("name", call.name());
        json.writeStringField("arguments", call.arguments().isEmpty() ? "{}" : call.arguments());
        json.writeEndObject();
        json.writeEndObject();
    }
}
