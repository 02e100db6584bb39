package frontend.messages;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.JsonLine;
import frontend.ReasoningSeal;
import frontend.RetentionReceipts;
import frontend.WholeAnswer;
import inference.ContentBlock;
import inference.InferenceEvent;
import inference.PromptLength;
import inference.ReplyBuilder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The body of a complete answer. */
final class MessagesReply {
    private MessagesReply() {}

    /**
     * Writes one.
     *
     * @param marked what the request marks of its prompt
     * @param kept what is kept of the session, if the request wants to know
     */
    static String body(
            String id,
            MessagesRequest request,
            List<PromptLength.Marked> marked,
            WholeAnswer answer,
            Optional<ObjectNode> kept) {
        ReplyBuilder reply = answer.reply();
        return JsonLine.object(reply.text().length() + reply.thinking().length() + 512, json -> {
            MessagesWire.head(json, id, request.inference().model());
            json.writeArrayFieldStart("content");
            content(answer, request.display(), json);
            json.writeEndArray();
            MessagesWire.stop(
                    json,
                    answer.end(),
                    !reply.calls().isEmpty(),
                    !reply.refusal().isEmpty());
            MessagesWire.usage(json, answer.end().usage(), marked);
            RetentionReceipts.write(json, kept);
        });
    }

    private static void content(WholeAnswer answer, MessagesRequest.Display display, JsonGenerator json)
            throws IOException {
        List<ContentBlock.ToolUse> calls = answer.reply().calls();
        for (InferenceEvent said : answer.inOrder()) {
            if (said instanceof InferenceEvent.ThinkingDelta thinking) {
                thinking(thinking.text(), display, json);
            } else if (said instanceof InferenceEvent.TextDelta text) {
                text(text.text(), json);
            } else if (said instanceof InferenceEvent.RefusalDelta refusal) {
                text(refusal.text(), json);
            } else if (said instanceof InferenceEvent.ToolCallStarted call) {
                call(calls.get(call.index()), json);
            }
        }
    }

    private static void thinking(String text, MessagesRequest.Display display, JsonGenerator json) throws IOException {
        if (display != MessagesRequest.Display.NONE) {
            json.writeStartObject();
            json.writeStringField("type", "thinking");
            json.writeStringField("thinking", display == MessagesRequest.Display.FULL ? text : "");
            json.writeStringField("signature", ReasoningSeal.of(text));
            json.writeEndObject();
        }
    }

    private static void call(ContentBlock.ToolUse call, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("type", "tool_use");
        json.writeStringField("id", call.id());
        json.writeStringField("name", call.name());
        json.writeFieldName("input");
        json.writeRawValue(RawArguments.object(call.arguments()).toString());
        json.writeEndObject();
    }

    private static void text(String text, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("type", "text");
        json.writeStringField("text", text);
        json.writeEndObject();
    }
}
