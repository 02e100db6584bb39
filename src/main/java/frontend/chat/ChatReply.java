package frontend.chat;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.FreeFormTools;
import frontend.JsonLine;
import frontend.RetentionReceipts;
import frontend.WholeAnswer;
import inference.ContentBlock;
import inference.ReplyBuilder;
import inference.Usage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The body of a complete answer. */
final class ChatReply {
    private ChatReply() {}

    /**
     * Writes one.
     *
     * @param freeForm names of tools that take text
     * @param choices at least one
     * @param kept what is kept of the session, if the request wants to know
     */
    static String body(
            ChatWire.AnswerHead head, Set<String> freeForm, List<WholeAnswer> choices, Optional<ObjectNode> kept) {
        int length = choices.stream()
                .map(WholeAnswer::reply)
                .mapToInt(ChatReply::length)
                .sum();
        return JsonLine.object(length + 256, json -> {
            ChatWire.head(json, head, "chat.completion");
            json.writeArrayFieldStart("choices");
            for (int i = 0; i < choices.size(); i++) {
                choice(i, choices.get(i), freeForm, json);
            }
            json.writeEndArray();
            ChatWire.usage(
                    json,
                    choices.stream()
                            .map(choice -> choice.end().usage())
                            .reduce(Usage::besides)
                            .orElseThrow());
            RetentionReceipts.write(json, kept);
        });
    }

    private static int length(ReplyBuilder reply) {
        return reply.text().length() + reply.thinking().length() + 256;
    }

    private static void choice(int index, WholeAnswer answer, Set<String> freeForm, JsonGenerator json)
            throws IOException {
        ReplyBuilder reply = answer.reply();
        json.writeStartObject();
        json.writeNumberField("index", index);
        message(reply, freeForm, json);
        ChatWire.logprobs(json, reply.logprobs());
        json.writeStringField(
                "finish_reason",
                ChatWire.finishReason(answer.end().reason(), !reply.calls().isEmpty()));
        json.writeEndObject();
    }

    private static void message(ReplyBuilder reply, Set<String> freeForm, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("message");
        json.writeStringField("role", "assistant");
        List<ContentBlock.ToolUse> calls = reply.calls();
        boolean noText =
                reply.text().isEmpty() && (!calls.isEmpty() || !reply.refusal().isEmpty());
        JsonLine.textOrNull(json, "content", noText ? null : reply.text());
        JsonLine.textOrNull(json, "refusal", reply.refusal().isEmpty() ? null : reply.refusal());
        if (!reply.thinking().isEmpty()) {
            json.writeStringField("reasoning_content", reply.thinking());
        }
        if (!calls.isEmpty()) {
            json.writeArrayFieldStart("tool_calls");
            for (ContentBlock.ToolUse call : calls) {
                write(call, freeForm.contains(call.name()), json);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    private static void write(ContentBlock.ToolUse call, boolean freeForm, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", call.id());
        if (freeForm) {
            ChatWire.call(json, "custom", call.name(), "input", FreeFormTools.input(call.arguments()));
        } else {
            String arguments = call.arguments().isEmpty() ? "{}" : call.arguments();
            ChatWire.call(json, "function", call.name(), "arguments", arguments);
        }
        json.writeEndObject();
    }
}
