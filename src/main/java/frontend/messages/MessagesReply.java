package frontend.messages;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.JsonLine;
import frontend.ReasoningSeal;
import frontend.RetentionReceipts;
import frontend.WholeAnswer;
import inference.ContentBlock;
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
            content(reply, request.display(), json);
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
