package testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A harness with a long prompt and one tool, in front of a node. It sends its history and names no session; what it asks of the
 * node besides is for tests to look at.
 */
public final class ToolAgent {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int PROMPT_TOKENS = 5000;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final NodeProcess node;
    private final ObjectNode request = JSON.createObjectNode();
    private final ArrayNode messages = request.putArray("messages");
    private String session = "";
    private JsonNode usage = JSON.createObjectNode();

    /**
     * An agent before its first turn.
     *
     * @param command the only argument that its tool takes
     */
    public ToolAgent(NodeProcess node, String model, String command) {
        this.node = node;
        request.put("model", model).put("max_tokens", 1200);
        StringBuilder rules = new StringBuilder(UUID.randomUUID() + " You are a careful agent.");
        for (int i = 0; rules.length() < PROMPT_TOKENS + 200; i++) {
            rules.append(" Rule ")
                    .append(i)
                    .append(": think of ")
                    .append(i * 7919 % 1000)
                    .append(" first.");
        }
        messages.addObject().put("role", "system").put("content", rules.toString());
        messages.addObject().put("role", "user").put("content", "List the files.");
        ObjectNode parameters = request.putArray("tools")
                .addObject()
                .put("type", "function")
                .putObject("function")
                .put("name", "bash")
                .put("description", "Runs it.")
                .putObject("parameters")
                .put("type", "object");
        parameters.putArray("required").add("command");
        ObjectNode property = parameters.putObject("properties").putObject("command");
        property.put("type", "string").putArray("enum").add(command);
    }

    /** The first turn, which ends in a call, and the tool's result, which is not sent yet. */
    public void callsItsTool() {
        callsItsTool(1);
    }

    /**
     * The same with several answers, of which it takes the first.
     *
     * @return all of them
     */
    public JsonNode callsItsTool(int answers) {
        Set<String> known = sessions();
        JsonNode answer = node.post(
                "/v1/chat/completions",
                request.deepCopy().put("tool_choice", "required").put("n", answers));
        usage = answer.path("usage");
        Set<String> opened = sessions();
        opened.removeAll(known);
        assertEquals(1, opened.size(), "sessions that the turn opened");
        session = opened.iterator().next();
        JsonNode choice = answer.path("choices").path(0);
        if (usage.path("prompt_tokens").asInt() < PROMPT_TOKENS
                || !choice.path("finish_reason").asText().equals("tool_calls")) {
            throw new AssertionError("no long prompt with a call: " + answer);
        }
        JsonNode reply = choice.path("message");
        messages.add(reply);
        messages.addObject()
                .put("role", "tool")
                .put("tool_call_id", reply.path("tool_calls").path(0).path("id").asText())
                .put("content", "a.txt b.txt");
        return answer.path("choices");
    }

    /** The turn after the call, from another process for all that anybody can see; its usage. */
    public JsonNode goesOn() {
        return node.post("/v1/chat/completions", request).path("usage");
    }

    /** Of the first turn. */
    public JsonNode usage() {
        return usage;
    }

    /** Prompt and answer of the first turn, in tokens. */
    public int computed() {
        return usage.path("prompt_tokens").asInt()
                + usage.path("completion_tokens").asInt();
    }

    /** Where the first turn ran. */
    public String holder() {
        return turn(0).path("worker").asText();
    }

    /** One of its turns, from 0. */
    public JsonNode turn(int number) {
        return node.get("/v1/sessions/" + session).path("turns").path(number);
    }

    /** The name that its first turn got. */
    public String session() {
        return session;
    }

    /** The session's open lease, or the one that ended last. */
    public JsonNode lease() {
        return node.get("/v1/leases?session=" + session).path("data").path(0);
    }

    /** One of its session's leases, open or ended. */
    public JsonNode lease(String id) {
        for (JsonNode lease : node.get("/v1/leases?session=" + session).path("data")) {
            if (lease.path("id").asText().equals(id)) {
                return lease;
            }
        }
        throw new AssertionError("no lease " + id);
    }

    /** Waits until its session has a lease; its id. */
    public String awaitLease() {
        NodeProcess.await("a lease", PATIENCE, () -> lease().has("id"));
        return lease().path("id").asText();
    }

    /** Waits until the lease's receipt says that its copy is written. */
    public void awaitCopy() {
        try {
            NodeProcess.await(
                    "a receipt for a copy",
                    PATIENCE,
                    () -> lease().path("storedCopies").asInt() > 0);
        } catch (AssertionError none) {
            throw new AssertionError("the lease: " + lease().toPrettyString(), none);
        }
    }

    /** The file of its lease, of which there is one. */
    public Path copyIn(Path folder) throws IOException {
        String lease = lease().path("id").asText();
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.filter(
                            file -> file.getFileName().toString().contains(lease))
                    .toList();
            assertEquals(1, found.size(), found.toString());
            return found.get(0);
        }
    }

    private Set<String> sessions() {
        Set<String> ids = new HashSet<>();
        node.get("/v1/sessions")
                .path("data")
                .forEach(one -> ids.add(one.path("id").asText()));
        return ids;
    }
}
