package frontend.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.JsonLine;
import frontend.Logprobs;
import frontend.ReasoningSeal;
import inference.TokenLogprob;
import java.util.ArrayList;
import java.util.List;

/**
 * One item of a reply, as it stands so far.
 *
 * <p>Thread-safety: confined to one stream.
 */
final class OutputItem {

    /** What an item is, and how the events of its text are called. */
    enum Kind {
        REASONING("reasoning", "rs_"),
        MESSAGE("message", "msg_"),
        CALL("function_call", "fc_"),
        FREE_FORM_CALL("custom_tool_call", "ctc_");

        private final String type;
        private final String idPrefix;

        Kind(String type, String idPrefix) {
            this.type = type;
            this.idPrefix = idPrefix;
        }
    }

    private final Kind kind;
    private final int index;
    private final ObjectNode json;
    private final StringBuilder text = new StringBuilder();
    private final List<TokenLogprob> logprobs = new ArrayList<>();

    /** @param index position among the reply's items, from 0 */
    OutputItem(Kind kind, String turn, int index) {
        this.kind = kind;
        this.index = index;
        this.json = JsonNodeFactory.instance.objectNode();
        json.put("id", kind.idPrefix + turn + "_" + index).put("type", kind.type);
        switch (kind) {
            case REASONING -> json.putArray("summary");
            case MESSAGE ->
                json.put("status", "in_progress").put("role", "assistant").putArray("content");
            case CALL, FREE_FORM_CALL -> json.put("status", "in_progress");
        }
    }

    /** Gives a call its name. */
    OutputItem called(String callId, String name) {
        json.put("call_id", callId).put("name", name).put(kind == Kind.CALL ? "arguments" : "input", "");
        return this;
    }

    Kind kind() {
        return kind;
    }

    int index() {
        return index;
    }

    String id() {
        return json.get("id").textValue();
    }

    String name() {
        return json.path("name").asText();
    }

    ObjectNode json() {
        return json;
    }

    /** Text of the open part, or the arguments of a call. */
    StringBuilder text() {
        return text;
    }

    /** Log probabilities of the open part's text. */
    List<TokenLogprob> logprobs() {
        return logprobs;
    }

    /** Content parts so far. */
    ArrayNode content() {
        return json.withArray("content");
    }

    /** Gives a reasoning item its text, which is all of what the model thought. */
    void summarised(String reasoning, boolean sealed) {
        json.withArray("summary").add(part("summary_text", reasoning, List.of()));
        if (sealed) {
            json.put("encrypted_content", ReasoningSeal.of(reasoning));
        }
    }

    /** A part of a type with its text. */
    static ObjectNode part(String type, String text, List<TokenLogprob> logprobs) {
        ObjectNode part = JsonNodeFactory.instance.objectNode();
        part.put("type", type).put(type.equals("refusal") ? "refusal" : "text", text);
        if (type.equals("output_text")) {
            part.putArray("annotations");
            String tokens = JsonLine.object(64, json -> Logprobs.arrayField(json, "logprobs", logprobs));
            part.setAll((ObjectNode) ResponsesInput.json(tokens));
        }
        return part;
    }
}
