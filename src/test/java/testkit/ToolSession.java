package testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;

/** An agent that knows nothing but its history: it calls a tool in every turn and comes back with the result. */
public final class ToolSession {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ArrayNode messages = JSON.createArrayNode();
    private final ObjectNode extensions = JSON.createObjectNode();
    private int promptTokens;

    /** What a turn's prompt cost. */
    public record Prompt(int tokens, int cached, int before) {
        /** Tokens of the turn before that had to be computed again; less than two blocks do not count. */
        public int computedAgain() {
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
    public ToolSession(String system, String own, int calls) {
        messages.addObject().put("role", "system").put("content", system);
        String script = "[{\"call\":\"run\",\"args\":{\"step\":1}}]"
                + ",[{\"call\":\"run\",\"args\":{\"step\":2}}]".repeat(calls - 1);
        messages.addObject().put("role", "user").put("content", own + " [sim][" + script + "][/sim]");
    }

    /** The same under a name, whose turns all have a priority. */
    public ToolSession named(String name, int priority) {
        extensions.putObject("agent_context").put("session_id", name);
        extensions.putObject("agent_hints").put("priority", priority);
        return this;
    }

    /** Sends the history, takes the answer and runs its tool. */
    public Prompt turn(NodeProcess node) {
        JsonNode answer = node.post("/v1/chat/completions", request());
        JsonNode said = answer.get("choices").get(0).get("message");
        messages.add(said);
        said.path("tool_calls").forEach(call -> messages.addObject()
                .put("role", "tool")
                .put("tool_call_id", call.get("id").asText())
                .put("content", "done"));
        Prompt prompt = prompt(answer);
        promptTokens = prompt.tokens();
        return prompt;
    }

    /** What the next turn's prompt costs at an engine that is asked for it past every node. */
    public Prompt at(SimProcess engine) {
        return prompt(NodeProcess.post(
                URI.create(engine.url() + "/v1/chat/completions"), request().put("max_tokens", 1)));
    }

    /** The next turn's body. */
    public ObjectNode request() {
        ObjectNode body = JSON.createObjectNode().put("model", "sim-echo");
        body.set("messages", messages.deepCopy());
        if (!extensions.isEmpty()) {
            body.set("nvext", extensions.deepCopy());
        }
        ObjectNode function =
                body.putArray("tools").addObject().put("type", "function").putObject("function");
        function.put("name", "run").putObject("parameters").put("type", "object");
        return body;
    }

    private Prompt prompt(JsonNode answer) {
        JsonNode usage = answer.get("usage");
        return new Prompt(
                usage.get("prompt_tokens").asInt(),
                usage.get("prompt_tokens_details").get("cached_tokens").asInt(),
                promptTokens);
    }

    /** Text of so many characters that no other nonce gives. */
    public static String text(String nonce, int length) {
        return (nonce + ": be thorough, be brief, and say what you do. ")
                .repeat(length / (nonce.length() + 46) + 1)
                .substring(0, length);
    }
}
