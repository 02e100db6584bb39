package frontend.messages;

import com.fasterxml.jackson.core.JsonGenerator;
import frontend.JsonLine;
import frontend.ReasoningSeal;
import frontend.WholeAnswer;
import inference.ContentBlock;
import inference.ReplyBuilder;
import java.io.IOException;

/** The body of a complete answer. */
final class MessagesReply {
    private MessagesReply() {}

    static String body(String id, MessagesRequest request, WholeAnswer answer) {
        ReplyBuilder reply = answer.reply();
        return JsonLine.object(reply.text().length() + reply.thinking().length() + 512, json -> {
            MessagesWire.head(json, id, request.inference().model());
            json.writeArrayFieldStart("content");
            content(reply, request.display(), json);
            json.writeEndArray();
            MessagesWire.stop(
                    json,
                    answer.end(),
                    !reply.calls().isEmpty(),
                    !reply.refusal().isEmpty());
            MessagesWire.usage(json, answer.end().usage(), request.inference().cacheMarks());
        });
    }

    private static void content(ReplyBuilder reply, MessagesRequest.Display display, JsonGenerator json)
            throws IOException {
        if (!reply.thinking().isEmpty() && display != MessagesRequest.Display.NONE) {
            json.writeStartObject();
            json.writeStringField("type", "thinking");
            json.writeStringField("thinking", display == MessagesRequest.Display.FULL ? reply.thinking() : "");
            json.writeStringField("signature", ReasoningSeal.of(reply.thinking()));
            json.writeEndObject();
        }
        text(reply.text(), json);
        text(reply.refusal(), json);
        for (ContentBlock.ToolUse call : reply.calls()) {
            json.writeStartObject();
            json.writeStringField("type", "tool_use");
            json.writeStringField("id", call.id());
            json.writeStringField("name", call.name());
            json.writeFieldName("input");
            json.writeRawValue(RawArguments.object(call.arguments()).toString());
            json.writeEndObject();
        }
    }

    private static void text(String text, JsonGenerator json) throws IOException {
        if (!text.isEmpty()) {
            json.writeStartObject();
            json.writeStringField("type", "text");
            json.writeStringField("text", text);
            json.writeEndObject();
        }
    }
}
