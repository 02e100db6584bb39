package frontend.chat;

import com.fasterxml.jackson.core.JsonGenerator;
import inference.InferenceEvent;
import inference.InferenceFailure;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One answer in one piece, gathered event by event.
 *
 * <p>Thread-safety: confined to one stream.
 */
final class ChatReply {
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final StringBuilder refusal = new StringBuilder();
    private final Map<Integer, Call> calls = new TreeMap<>();
    private InferenceEvent.@Nullable Finished finished;
    private @Nullable InferenceFailure failure;

    /** Takes the next event. */
    ChatReply add(InferenceEvent event) {
        if (event instanceof InferenceEvent.TextDelta delta) {
            text.append(delta.text());
        } else if (event instanceof InferenceEvent.ThinkingDelta delta) {
            reasoning.append(delta.text());
        } else if (event instanceof InferenceEvent.RefusalDelta delta) {
            refusal.append(delta.text());
        } else if (event instanceof InferenceEvent.ToolCallStarted call) {
            calls.put(call.index(), new Call(call.id(), call.name(), new StringBuilder()));
        } else if (event instanceof InferenceEvent.ToolCallDelta delta) {
            Call call = calls.get(delta.index());
            if (call != null) {
                call.arguments.append(delta.arguments());
            }
        } else if (event instanceof InferenceEvent.Finished end) {
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
        return ChatWire.object(text.length() + reasoning.length() + 512, json -> {
            ChatWire.head(json, head, "chat.completion");
            json.writeArrayFieldStart("choices");
            json.writeStartObject();
            json.writeNumberField("index", 0);
            message(json);
            json.writeNullField("logprobs");
            json.writeStringField("finish_reason", ChatWire.finishReason(end.reason(), !calls.isEmpty()));
            json.writeEndObject();
            json.writeEndArray();
            ChatWire.usage(json, end.usage());
        });
    }

    private void message(JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("message");
        json.writeStringField("role", "assistant");
        boolean noText = text.length() == 0 && (!calls.isEmpty() || refusal.length() > 0);
        ChatWire.textOrNull(json, "content", noText ? null : text.toString());
        ChatWire.textOrNull(json, "refusal", refusal.length() == 0 ? null : refusal.toString());
        if (reasoning.length() > 0) {
            json.writeStringField("reasoning_content", reasoning.toString());
        }
        if (!calls.isEmpty()) {
            json.writeArrayFieldStart("tool_calls");
            for (Call call : calls.values()) {
                call.write(json);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    private record Call(String id, String name, StringBuilder arguments) {
        void write(JsonGenerator json) throws IOException {
            json.writeStartObject();
            json.writeStringField("id", id);
            json.writeStringField("type", "function");
            json.writeObjectFieldStart("function");
            json.writeStringField("name", name);
            json.writeStringField("arguments", arguments.length() == 0 ? "{}" : arguments.toString());
            json.writeEndObject();
            json.writeEndObject();
        }
    }
}
