package cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import testkit.NodeProcess;

/** An agent that knows nothing but its history: it calls a tool in every turn and comes back with the result. */
final class ToolSession {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ArrayNode messages = JSON.createArrayNode();
    private int promptTokens;

    /** What a turn's prompt cost. */
    record Prompt(int tokens, int cached, int before) {
        /** Tokens of the turn before that had to be computed again; less than a block does not count. */
        int computedAgain() {
            int again = before - cached;
            return again < 2 * 16 ? 0 : again;
        }
    }

    /**
     * A session whose every turn ends in a call.
     *
     * @param system what it shares with others
     * @param own what tells it from others
     */
    ToolSession(String system, String own, int calls) {
        messages.addObject().put("role", "system").put("content", system);
        String script = "[{\"call\":\"run\",\"args\":{\"step\":1}}]"
                + ",[{\"call\":\"run\",\"args\":{\"step\":2}}]".repeat(calls - 1);
        messages.addObject().put("role", "user").put("content", own + " [sim][" + script + "][/sim]");
    }

    /** Sends the history, takes the answer and runs its tool. */
    Prompt turn(NodeProcess node) {
        ObjectNode body = JSON.createObjectNode().put("model", "sim-echo");
        body.set("messages", messages.deepCopy());
        ObjectNode function =
                body.putArray("tools").addObject().put("type", "function").putObject("function");
        function.put("name", "run").putObject("parameters").put("type", "object");
        JsonNode answer = node.post("/v1/chat/completions", body);
        JsonNode said = answer.get("choices").get(0).get("message");
        messages.add(said);
        said.path("tool_calls").forEach(call -> messages.addObject()
                .put("role", "tool")
                .put("tool_call_id", call.get("id").asText())
                .put("content", "done"));
        JsonNode usage = answer.get("usage");
        int before = promptTokens;
        promptTokens = usage.get("prompt_tokens").asInt();
        return new Prompt(
                promptTokens,
                usage.get("prompt_tokens_details").get("cached_tokens").asInt(),
                before);
    }

    /** Text of so many characters that no other nonce gives. */
    static String text(String nonce, int length) {
        return (nonce + ": be thorough, be brief, and say what you do. ")
                .repeat(length / (nonce.length() + 46) + 1)
                .substring(0, length);
    }
}
